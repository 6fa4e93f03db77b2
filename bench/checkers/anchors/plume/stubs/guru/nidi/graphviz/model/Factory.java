package guru.nidi.graphviz.model;

/** Makes nodes and graphs that hold nothing. */
public class Factory {
  public static class Part {
    public Part directed() {
      return this;
    }

    public Part linkAttr() {
      return this;
    }

    public Part with(Object... parts) {
      return this;
    }

    public Part link(Part other) {
      return this;
    }
  }

  public static Part graph() {
    return new Part();
  }

  public static Part node(String name) {
    return new Part();
  }
}
