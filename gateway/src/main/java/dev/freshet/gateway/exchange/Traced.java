package dev.freshet.gateway.exchange;

import io.opentelemetry.context.Context;

/** A request that has a span. */
public final class Traced extends Decorated {

  private final Context trace;

  /** Decorates an exchange. */
  public Traced(Exchange inner, Context trace) {
    super(inner);
    this.trace = trace;
  }

  @Override
  public Context trace() {
    return trace;
  }
}
