# cmake -DFILES="a.cc;b.md" -DOUTPUT=templates.cc -P embed.cmake
set(branches "")
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" text)
  string(APPEND branches "  if (file == \"${name}\") return R\"~file~(${text})~file~\";\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"apps/new_plugin/templates.h\"

namespace collet::apps {

std::string_view template_named(std::string_view file) noexcept {
${branches}  return {};
}

}  // namespace collet::apps
")
