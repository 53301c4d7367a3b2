package dev.freshet.local.log;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;

/** The end of a line that was logged while a request was worked on: what that is called. */
public final class NamedRequest extends ClassicConverter {

  private static final String FIELD = "http.request.id";

  @Override
  public String convert(ILoggingEvent event) {
    String id = event.getMDCPropertyMap().get(FIELD);
    return id == null ? "" : " request=" + id;
  }
}
