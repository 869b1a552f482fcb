# cmake -DNODE=node -DSTAMP=file -DOUTPUT=report.js -P bundle.cmake
# An empty script if what it takes could not be installed.
if(EXISTS "${STAMP}")
  execute_process(
    COMMAND "${NODE}" --preserve-symlinks --preserve-symlinks-main bundle.mjs "${OUTPUT}"
    RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "report: the script could not be built; the reason is above")
  endif()
else()
  file(WRITE "${OUTPUT}" "")
endif()
