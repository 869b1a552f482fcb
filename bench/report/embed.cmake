# cmake -DSTYLE="a.css;b.css" -DSCRIPT=report.js -DOUTPUT=report_assets.cc -P embed.cmake
# Without SCRIPT there are no charts.
set(style "")
foreach(file IN LISTS STYLE)
  file(READ "${file}" text)
  string(APPEND style "${text}")
endforeach()
set(script "")
if(SCRIPT)
  file(READ "${SCRIPT}" script)
endif()
file(WRITE "${OUTPUT}" "#include \"bench/show/report_assets.h\"

namespace collet::bench {

std::string_view report_style() noexcept { return R\"~asset~(${style})~asset~\"; }

std::string_view report_script() noexcept { return R\"~asset~(${script})~asset~\"; }

}  // namespace collet::bench
")
