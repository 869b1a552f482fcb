# Read by ctest: adds the suites (EveryCell/DrainTest) of a gtest program, each a test of its own. A
# process for each case would spend more time on starting than on testing, above all with a
# sanitizer.
#
# Those that take longest begin first: at the end everything else would be waiting for them.
#
# Before: program, label, environment, alone.
set(longest "WorkloadsUnderFaultTest|ExhaustionTest")
if(NOT EXISTS ${program})
  add_test(${program} ${program})  # fails, and says what has not been built
  return()
endif()
execute_process(COMMAND ${program} --gtest_list_tests
  OUTPUT_VARIABLE listed RESULT_VARIABLE result TIMEOUT 60)
string(REGEX MATCHALL "(^|\n)[^ \n]+\\." suites "${listed}")
if(NOT result EQUAL 0 OR suites STREQUAL "")
  message(FATAL_ERROR "${program} --gtest_list_tests ended with ${result}:\n${listed}")
endif()
foreach(suite IN LISTS suites)
  string(REGEX REPLACE "^\n?(.*)\\.$" "\\1" suite "${suite}")
  add_test("${suite}" "${program}" "--gtest_filter=${suite}.*")
  set_tests_properties("${suite}" PROPERTIES
    LABELS "${label}" TIMEOUT 300 ENVIRONMENT "${environment}" RUN_SERIAL "${alone}")
  if(suite MATCHES "${longest}")
    set_tests_properties("${suite}" PROPERTIES COST 100)
  endif()
endforeach()
