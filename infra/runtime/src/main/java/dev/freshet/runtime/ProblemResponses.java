package dev.freshet.runtime;

import dev.freshet.protocol.PostgrestError;
import dev.freshet.protocol.Problem;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/** Writes {@link Problem}s as RFC 9457 documents. */
public final class ProblemResponses {

  private static final MediaType MEDIA_TYPE = MediaType.parseMediaType(Problem.MEDIA_TYPE);

  private final JsonMapper json;

  ProblemResponses(JsonMapper json) {
    this.json = json;
  }

  /** The document's bytes, UTF-8. */
  public byte[] body(Problem problem) {
    return json.writeValueAsBytes(problem.members());
  }

  /** The same as PostgREST's error, for clients that are made for it. */
  public byte[] body(PostgrestError error) {
    return json.writeValueAsBytes(error.members());
  }

  /** A functional endpoint's answer, to which headers may still be added. */
  public ServerResponse.BodyBuilder status(Problem problem) {
    return ServerResponse.status(problem.code().status()).contentType(MEDIA_TYPE);
  }

  /** Writes the whole answer where there is no functional endpoint. */
  public Mono<Void> write(ServerHttpResponse response, Problem problem) {
    byte[] body = body(problem);
    response.setStatusCode(HttpStatusCode.valueOf(problem.code().status()));
    response.getHeaders().setContentType(MEDIA_TYPE);
    response.getHeaders().setContentLength(body.length);
    return response.writeWith(
        Mono.fromSupplier(
            () -> {
              DataBuffer buffer = response.bufferFactory().wrap(body);
              return buffer;
            }));
  }
}
