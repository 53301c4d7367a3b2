package dev.freshet.runtime;

import dev.freshet.postgres.RootCause;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import java.sql.SQLException;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.http.HttpHeaders;
import org.springframework.web.server.MethodNotAllowedException;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebExceptionHandler;
import reactor.core.publisher.Mono;

/** Turns what no endpoint answered into a problem document, never into a framework's page. */
final class UnhandledFailures implements WebExceptionHandler, Ordered {

  private static final Logger log = LoggerFactory.getLogger(UnhandledFailures.class);

  /** Ahead of Spring Boot's own handler, which has -1. */
  private static final int ORDER = -2;

  /** Classes of SQLSTATE: the connection, resources, and what an operator or a crash ended. */
  private static final Set<String> CAN_T_ANSWER = Set.of("08", "53", "57");

  private final ProblemResponses problems;

  UnhandledFailures(ProblemResponses problems) {
    this.problems = problems;
  }

  @Override
  public int getOrder() {
    return ORDER;
  }

  @Override
  public Mono<Void> handle(ServerWebExchange exchange, Throwable failure) {
    if (exchange.getResponse().isCommitted()) {
      return Mono.error(failure);
    }
    Problem problem = problem(exchange, failure);
    if (problem.code() == ProblemCode.INTERNAL) {
      log.error(
          "{} {} failed",
          exchange.getRequest().getMethod(),
          exchange.getRequest().getPath(),
          failure);
    }
    if (problem.code() == ProblemCode.DATABASE_UNAVAILABLE) {
      log.warn(
          "{} {}: {}",
          exchange.getRequest().getMethod(),
          exchange.getRequest().getPath(),
          RootCause.message(failure));
      exchange.getResponse().getHeaders().set(HttpHeaders.RETRY_AFTER, "1");
    }
    if (failure instanceof MethodNotAllowedException notAllowed) {
      exchange.getResponse().getHeaders().setAllow(notAllowed.getSupportedMethods());
    }
    return problems.write(exchange.getResponse(), problem);
  }

  private static Problem problem(ServerWebExchange exchange, Throwable failure) {
    String request =
        exchange.getRequest().getMethod() + " " + exchange.getRequest().getPath().value();
    if (failure instanceof DataBufferLimitException) {
      return Problem.of(ProblemCode.TOO_LARGE, "The body is larger than this endpoint takes.");
    }
    if (isOfTheDatabase(failure)) {
      return Problem.of(
          ProblemCode.DATABASE_UNAVAILABLE,
          "The database can't answer now; the log says why. Try again later.");
    }
    if (failure instanceof ResponseStatusException status) {
      return switch (status.getStatusCode().value()) {
        case 404 -> Problem.of(ProblemCode.NOT_FOUND, "Nothing answers " + request + ".");
        case 405 ->
            Problem.of(ProblemCode.METHOD_NOT_ALLOWED, "This path does not take " + request + ".");
        case 413 ->
            Problem.of(ProblemCode.TOO_LARGE, "The body is larger than this endpoint takes.");
        case 500 -> Problem.of(ProblemCode.INTERNAL, "The request failed; the log says why.");
        default ->
            Problem.of(
                ProblemCode.BAD_REQUEST,
                status.getReason() == null ? "The request can't be read." : status.getReason());
      };
    }
    return Problem.of(ProblemCode.INTERNAL, "The request failed; the log says why.");
  }

  /** Whether a database can't be reached, has no room or no connection, or goes away. */
  private static boolean isOfTheDatabase(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        String state = sql.getSQLState();
        return state == null || CAN_T_ANSWER.contains(state.substring(0, 2));
      }
    }
    return false;
  }
}
