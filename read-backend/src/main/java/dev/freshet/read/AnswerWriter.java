package dev.freshet.read;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.PostgrestError;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.query.Refused;
import dev.freshet.read.store.Answer;
import dev.freshet.read.store.Count;
import dev.freshet.read.store.Question;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.springframework.http.HttpHeaders;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Writes what a store answered, with all that HTTP has to say of it. */
final class AnswerWriter {

  private final Rejections rejections;

  AnswerWriter(Rejections rejections) {
    this.rejections = rejections;
  }

  /** One row. */
  Mono<ServerResponse> write(ServerRequest request, Terms terms, Answer.Row row, Position seen) {
    byte[] body = row.body();
    if (body == null) {
      return rejections.of(
          request, Refused.of(ProblemCode.NOT_FOUND, "There is no row with this key."), seen);
    }
    String tag =
        row.version() == null ? null : "\"v%s-%08x\"".formatted(row.version(), digest(body));
    if (tag != null && isKnown(request, tag)) {
      return head(ServerResponse.status(304), seen).eTag(tag).build();
    }
    ServerResponse.BodyBuilder response = answered(request, terms, 200, seen);
    return (tag == null ? response : response.eTag(tag)).bodyValue(body);
  }

  /** Many rows. */
  Mono<ServerResponse> write(
      ServerRequest request, Terms terms, Question question, Answer.Rows rows, Position seen) {
    ContentRange range =
        new ContentRange(
            question.query().offset(), rows.rows(), rows.total(), question.count() != Count.NONE);
    if (range.isBeyond()) {
      rows.body().discard();
      return rejections.of(
          request,
          new Refused(
              Problem.of(
                  ProblemCode.RANGE_NOT_SATISFIABLE,
                  "Rows from %d on were asked for; there are %d."
                      .formatted(range.offset(), range.total())),
              new PostgrestError(
                  416,
                  "PGRST103",
                  "Requested range not satisfiable",
                  "An offset of %d was requested, but there are only %d rows."
                      .formatted(range.offset(), range.total()),
                  null)),
          seen,
          head -> head.header(HttpHeaders.CONTENT_RANGE, range.toString()));
    }
    if (question.form().isSingular() && rows.rows() != 1) {
      return rejections.of(request, notOneRow(rows.rows()), seen);
    }
    ServerResponse.BodyBuilder response =
        answered(request, terms, range.status(), seen)
            .header(HttpHeaders.CONTENT_RANGE, range.toString());
    Pages.links(question.model(), question.query(), rows.page(), request.queryParams())
        .ifPresent(links -> response.header(HttpHeaders.LINK, links));
    return switch (rows.body()) {
      case Answer.Body.Whole(byte[] bytes) -> response.bodyValue(bytes);
      case Answer.Body.Streamed(Flux<byte[]> bytes, _) -> response.body(bytes, byte[].class);
    };
  }

  private static Refused notOneRow(long rows) {
    return new Refused(
        Problem.of(
            ProblemCode.NOT_ACCEPTABLE,
            "Accept asks for one row, and the query has %d. Narrow it, or ask for application/json."
                .formatted(rows)),
        new PostgrestError(
            406,
            "PGRST116",
            "Cannot coerce the result to a single JSON object",
            "The result contains %d rows".formatted(rows),
            null));
  }

  /** The head of an answer that has a body. */
  private static ServerResponse.BodyBuilder answered(
      ServerRequest request, Terms terms, int status, Position seen) {
    ServerResponse.BodyBuilder response =
        head(ServerResponse.status(status), seen)
            .header(HttpHeaders.CONTENT_TYPE, terms.representation().mediaType());
    String applied = terms.preferences().applied();
    if (!applied.isEmpty()) {
      response.header(Preferences.APPLIED, applied);
    }
    if (request.headers().firstHeader(PostgrestError.PROFILE) != null) {
      response.header("Content-Profile", Terms.SCHEMA);
    }
    return response;
  }

  private static ServerResponse.BodyBuilder head(ServerResponse.BodyBuilder response, Position at) {
    return response
        .header(HttpHeaders.VARY, Terms.VARY)
        .header(FreshetHeaders.POSITION, at.toString());
  }

  private static boolean isKnown(ServerRequest request, String tag) {
    return request.headers().header(HttpHeaders.IF_NONE_MATCH).stream()
        .flatMap(header -> Arrays.stream(header.split(",", -1)))
        .map(String::strip)
        .anyMatch(member -> member.equals("*") || member.replaceFirst("^W/", "").equals(tag));
  }

  private static long digest(byte[] body) {
    CRC32C crc = new CRC32C();
    crc.update(body);
    return crc.getValue();
  }
}
