package guru.nidi.graphviz.engine;

/** Stands for the library that Plume draws with, which Debian has not; drawing is off. */
public enum Format {
  PNG
}
