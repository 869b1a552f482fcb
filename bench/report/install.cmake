# cmake -DNPM=npm -DSTAMP=file -P install.cmake
# Runs `npm ci` here. Without the registry the build goes on, to a report without charts, and tries
# again the next time.
execute_process(
  COMMAND "${NPM}" ci --ignore-scripts --no-audit --no-fund --loglevel=error
  OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
if(result EQUAL 0)
  file(TOUCH "${STAMP}")
else()
  message("${output}")
  message("report: npm could not install what the charts need, so that reports have tables only; "
          "-DCOLLET_REPORT_CHARTS=OFF says that this is meant")
endif()
