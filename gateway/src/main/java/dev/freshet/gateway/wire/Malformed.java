package dev.freshet.gateway.wire;

import dev.freshet.protocol.ProblemCode;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.util.Optional;

/**
 * A request that can't be read, or not in one way alone. It takes its turn among those of its
 * connection, and is answered as others are that are refused.
 *
 * @param detail what is wrong with it
 */
public record Malformed(ProblemCode code, String detail) {

  /** No client can send such names. */
  private static final String DETAIL = ":refused";

  private static final String CODE = ":code";

  static Malformed of(String detail) {
    return new Malformed(ProblemCode.BAD_REQUEST, detail);
  }

  /** The request in whose place it is refused. */
  HttpRequest asRequest() {
    HttpRequest request =
        new DefaultHttpRequest(
            HttpVersion.HTTP_1_1,
            HttpMethod.GET,
            "/",
            DefaultHttpHeadersFactory.headersFactory().withValidation(false));
    request.headers().set(DETAIL, detail);
    request.headers().set(CODE, code.name());
    return request;
  }

  /** Whether a request is only there to be refused, and why. */
  static Optional<Malformed> in(HttpHeaders headers) {
    String detail = headers.get(DETAIL);
    return detail == null
        ? Optional.empty()
        : Optional.of(new Malformed(ProblemCode.valueOf(headers.get(CODE)), detail));
  }
}
