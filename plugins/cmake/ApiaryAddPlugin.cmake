# apiary_add_plugin(NAME source... [NO_INSTALL]): builds NAME.so, which is installed where apiaryd looks for plugins. Used by
# Apiary's own plugins, and by others after find_package(ApiaryPlugin).
function(apiary_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 plugin "NO_INSTALL" "" "")
  add_library(${name} MODULE ${plugin_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE Apiary::plugin)
  target_compile_features(${name} PRIVATE c_std_11 cxx_std_20)
  # Nothing but the entry is visible: the names of one plugin are nobody else's affair.
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so" C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  if(NOT plugin_NO_INSTALL)
    install(TARGETS ${name} LIBRARY DESTINATION ${APIARY_PLUGIN_DIR})
  endif()
endfunction()
