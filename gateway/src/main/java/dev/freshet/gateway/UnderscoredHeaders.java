package dev.freshet.gateway;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Headers whose names hold an underscore. Backends by the rules of CGI read {@code X_Request_Id} as
 * {@code X-Request-Id}, so that a client could say there what the gateway takes from it here. NGINX
 * drops them, too.
 */
final class UnderscoredHeaders {

  private UnderscoredHeaders() {}

  /** Drops them from what a client sent. */
  static void drop(HttpHeaders headers) {
    List<CharSequence> dropped = List.of();
    Iterator<Map.Entry<CharSequence, CharSequence>> all = headers.iteratorCharSequence();
    while (all.hasNext()) {
      CharSequence name = all.next().getKey();
      if (AsciiString.indexOf(name, '_', 0) >= 0) {
        dropped = dropped.isEmpty() ? new ArrayList<>() : dropped;
        dropped.add(name);
      }
    }
    dropped.forEach(headers::remove);
  }
}
