package dev.freshet.read;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.PostgrestError;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.query.Refused;
import dev.freshet.runtime.ProblemResponses;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/**
 * Answers to reads that are not answered: problem documents, or PostgREST's errors for clients that
 * expect those.
 */
final class Rejections {

  private final ProblemResponses problems;
  private final boolean alwaysPostgrest;

  Rejections(ProblemResponses problems, boolean alwaysPostgrest) {
    this.problems = problems;
    this.alwaysPostgrest = alwaysPostgrest;
  }

  /** Rejects a read, with no header of its own. */
  Mono<ServerResponse> of(ServerRequest request, Refused refused, @Nullable Position at) {
    return of(request, refused, at, head -> {});
  }

  /**
   * Rejects a read.
   *
   * @param at where the source is, or null where that is not known or not to be told
   * @param more writes further headers
   */
  Mono<ServerResponse> of(
      ServerRequest request,
      Refused refused,
      @Nullable Position at,
      Consumer<ServerResponse.BodyBuilder> more) {
    boolean isPostgrest = alwaysPostgrest || expectsPostgrest(request);
    ServerResponse.BodyBuilder response =
        isPostgrest
            ? ServerResponse.status(refused.error().status())
                .header(HttpHeaders.CONTENT_TYPE, PostgrestError.MEDIA_TYPE)
            : problems.status(refused.problem());
    response.header(HttpHeaders.VARY, Terms.VARY);
    if (at != null) {
      response.header(FreshetHeaders.POSITION, at.toString());
    }
    if (refused.problem().code() == ProblemCode.UNAUTHENTICATED) {
      response.header(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
    }
    if (refused.problem().code().status() == 503) {
      response.header(HttpHeaders.RETRY_AFTER, "1");
    }
    more.accept(response);
    return response.bodyValue(
        isPostgrest ? problems.body(refused.error()) : problems.body(refused.problem()));
  }

  private static boolean expectsPostgrest(ServerRequest request) {
    ServerRequest.Headers headers = request.headers();
    return PostgrestError.isExpectedBy(
        headers.header(PostgrestError.CLIENT_INFO),
        headers.header(HttpHeaders.ACCEPT),
        headers.header(PostgrestError.PROFILE));
  }
}
