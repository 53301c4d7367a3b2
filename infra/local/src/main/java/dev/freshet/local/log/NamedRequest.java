package dev.freshet.local.log;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.freshet.runtime.RequestScope;

/** The end of a line that was logged while a request was worked on: what that is called. */
public final class NamedRequest extends ClassicConverter {

  @Override
  public String convert(ILoggingEvent event) {
    String id = event.getMDCPropertyMap().get(RequestScope.REQUEST);
    return id == null ? "" : " request=" + id;
  }
}
