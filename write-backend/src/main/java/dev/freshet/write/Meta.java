package dev.freshet.write;

import dev.freshet.protocol.RequestId;
import dev.freshet.runtime.RequestScope;
import dev.freshet.runtime.trace.TraceParent;
import dev.freshet.write.declaration.Declaration;
import dev.freshet.write.run.Client;
import org.springframework.web.reactive.function.server.ServerRequest;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What events say of where they come from: their column {@code meta} has it by default. */
final class Meta {

  private static final String CORRELATION = "X-Correlation-Id";

  private Meta() {}

  /**
   * As an object: {@code command}, {@code causation} (the request's ID), {@code correlation} (what
   * the client sent as {@code X-Correlation-Id}, else the request's ID), {@code principal} and
   * {@code trace}, as far as they are known.
   */
  static String of(ServerRequest request, Declaration command, Client client) {
    ObjectNode meta = JsonMapper.shared().createObjectNode();
    meta.put("command", command.name());
    String id = RequestScope.id(request).orElse(null);
    String said = request.headers().firstHeader(CORRELATION);
    String correlation = said != null && RequestId.isPlain(said) ? said : id;
    if (id != null) {
      meta.put("causation", id);
    }
    if (correlation != null) {
      meta.put("correlation", correlation);
    }
    if (client.principal() != null) {
      meta.put("principal", client.principal());
    }
    TraceParent.current().ifPresent(trace -> meta.put("trace", trace));
    return meta.toString();
  }
}
