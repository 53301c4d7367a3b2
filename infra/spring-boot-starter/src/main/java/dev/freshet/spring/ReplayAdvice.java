package dev.freshet.spring;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Answers what is only thrown to get here, before an advice that takes all exceptions. */
@RestControllerAdvice
@Order(Ordered.HIGHEST_PRECEDENCE)
final class ReplayAdvice {

  @ExceptionHandler
  ResponseEntity<Object> refused(ProblemException e) {
    return ProblemAdvice.answer(e.problem());
  }

  @ExceptionHandler
  ResponseEntity<Object> replayed(Replayed e) {
    KeptAnswer kept = e.answer();
    ResponseEntity.BodyBuilder answer =
        ResponseEntity.status(kept.status()).header("Idempotency-Replayed", "true");
    if (kept.version() != null) {
      answer.header(HttpHeaders.ETAG, kept.version());
    }
    if (kept.location() != null) {
      answer.location(URI.create(kept.location()));
    }
    return kept.body() == null
        ? answer.build()
        : answer
            .contentType(MediaType.APPLICATION_JSON)
            .body(kept.body().getBytes(StandardCharsets.UTF_8));
  }
}
