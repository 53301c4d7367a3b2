package dev.freshet.runtime;

import dev.freshet.protocol.RequestId;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.springframework.web.reactive.function.server.ServerRequest;

/** Has what is logged while a request is worked on, on this thread, name the request. */
public final class NamedInLog {

  /** The field of the Elastic Common Schema. */
  private static final String FIELD = "http.request.id";

  private NamedInLog() {}

  /** Works on a request. */
  public static <T> T during(ServerRequest request, Supplier<T> work) {
    return during(request.headers().firstHeader(RequestId.HEADER), work);
  }

  static <T> T during(@Nullable String id, Supplier<T> work) {
    if (id == null || !RequestId.isPlain(id)) {
      return work.get();
    }
    MDC.put(FIELD, id);
    try {
      return work.get();
    } finally {
      MDC.remove(FIELD);
    }
  }
}
