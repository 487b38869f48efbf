# controller/: the controller library, its apps and morgana-controller.
noinst_LIBRARIES += libmorgana-controller.a
libmorgana_controller_a_SOURCES = controller/ctl.h
