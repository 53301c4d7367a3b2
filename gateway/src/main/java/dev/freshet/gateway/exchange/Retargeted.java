package dev.freshet.gateway.exchange;

/** A request that goes to another path than the client's, with the same query. */
public final class Retargeted extends Decorated {

  private final String target;

  /** Decorates an exchange. */
  public Retargeted(Exchange inner, String path) {
    super(inner);
    String target = inner.target();
    int query = target.indexOf('?');
    this.target = query < 0 ? path : path + target.substring(query);
  }

  @Override
  public String target() {
    return target;
  }
}
