package dev.freshet.spring;

import dev.freshet.postgres.WriteProblems;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.Order;
import org.springframework.core.codec.DecodingException;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.transaction.TransactionException;
import org.springframework.validation.BindingResult;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.MethodArgumentNotValidException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.bind.support.WebExchangeBindException;
import org.springframework.web.server.ServerWebInputException;

/**
 * Answers with problem documents (RFC 9457) whose codes are Freshet's. An advice of the service's
 * own comes first; other exceptions are Spring's to answer.
 */
@RestControllerAdvice
@Order(Ordered.LOWEST_PRECEDENCE)
final class ProblemAdvice {

  private static final Logger log = LoggerFactory.getLogger(ProblemAdvice.class);

  private static final MediaType MEDIA_TYPE = MediaType.parseMediaType(Problem.MEDIA_TYPE);

  /** Somebody else was faster. Whoever named the version is told that it is another one. */
  @ExceptionHandler
  ResponseEntity<Object> overtaken(OptimisticLockingFailureException e) {
    boolean isConditional = CurrentRequest.get().stream().anyMatch(CurrentRequest::isConditional);
    return answer(
        isConditional
            ? Problem.of(
                ProblemCode.VERSION_MISMATCH,
                "It has been changed since. Read it again, and decide again.")
            : Problem.of(
                ProblemCode.CONFLICT,
                "Another change came in between. Nothing was written; try again."));
  }

  @ExceptionHandler({DataAccessException.class, TransactionException.class})
  ResponseEntity<Object> failed(RuntimeException e) {
    SQLException cause = cause(e);
    if (cause == null) {
      log.warn("A request failed", e);
    }
    return answer(
        cause == null
            ? Problem.of(ProblemCode.INTERNAL, "Nothing was written; the service's log says why.")
            : WriteProblems.of(cause));
  }

  /** What nobody has translated: PostgreSQL's refusal is somewhere within, or it is Spring's. */
  @ExceptionHandler
  ResponseEntity<Object> failedWithin(RuntimeException e) {
    SQLException cause = cause(e);
    boolean isAnswered =
        e instanceof ErrorResponse
            || AnnotatedElementUtils.hasAnnotation(e.getClass(), ResponseStatus.class);
    if (cause == null || isAnswered) {
      throw e;
    }
    return answer(WriteProblems.of(cause));
  }

  private static @Nullable SQLException cause(Throwable failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof SQLException e) {
        return e;
      }
    }
    return null;
  }

  @ExceptionHandler({MethodArgumentNotValidException.class, WebExchangeBindException.class})
  ResponseEntity<Object> invalid(Exception e) {
    List<Problem.Violation> violations =
        ((BindingResult) e)
            .getAllErrors().stream()
                .map(
                    error ->
                        new Problem.Violation(
                            error instanceof FieldError field ? pointer(field.getField()) : "",
                            message(error)))
                .toList();
    return answer(Problem.invalid(violations));
  }

  private static String message(ObjectError error) {
    return String.valueOf(error.getDefaultMessage());
  }

  /** Of {@code items[0].quantity}: {@code /items/0/quantity}. */
  private static String pointer(String field) {
    return "/" + field.replace("]", "").replace('[', '/').replace('.', '/');
  }

  @ExceptionHandler({HttpMessageNotReadableException.class, ServerWebInputException.class})
  ResponseEntity<Object> unreadable(Exception e) {
    if (e instanceof ServerWebInputException input
        && !(input.getCause() instanceof DecodingException)) {
      return answer(Problem.of(ProblemCode.BAD_REQUEST, String.valueOf(input.getReason()) + "."));
    }
    return answer(
        Problem.of(
            ProblemCode.MALFORMED_JSON,
            "The body must be one JSON document of the form that is expected here."));
  }

  static ResponseEntity<Object> answer(Problem problem) {
    ResponseEntity.BodyBuilder answer =
        ResponseEntity.status(problem.code().status()).contentType(MEDIA_TYPE);
    if (problem.code() == ProblemCode.IN_PROGRESS
        || problem.code() == ProblemCode.DATABASE_UNAVAILABLE) {
      answer.header(HttpHeaders.RETRY_AFTER, "1");
    }
    return answer.body(problem.members());
  }
}
