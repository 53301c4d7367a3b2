package dev.freshet.local.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.util.List;

/** Events that are written at once, as one to whatever writes them. */
final class Block extends LoggingEvent {

  private final List<ILoggingEvent> events;

  /** Of at least one event. */
  Block(List<ILoggingEvent> events) {
    this.events = List.copyOf(events);
    setLevel(Level.INFO);
    setInstant(events.getLast().getInstant());
  }

  /** Each of them has been. */
  @Override
  public void prepareForDeferredProcessing() {}

  List<ILoggingEvent> events() {
    return events;
  }
}
