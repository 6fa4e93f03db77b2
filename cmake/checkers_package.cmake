# What the checkers consist of. These objects also go into libordeal-checkers.so; hidden, so that calls within it stay direct.
set(parts common checkers transactions causal consistency formats linearizability simple_checkers checker_driver)
foreach(part ${parts})
  set_target_properties(ordeal_${part} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden)
endforeach()
