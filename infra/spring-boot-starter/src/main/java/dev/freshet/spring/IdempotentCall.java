package dev.freshet.spring;

import dev.freshet.postgres.IdempotencyTable;
import dev.freshet.protocol.ProblemCode;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ResponseEntity;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionStatus;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.web.bind.annotation.ResponseStatus;
import tools.jackson.databind.json.JsonMapper;

/**
 * Around a method that is {@link Idempotent}: its key, the method and the answer in one
 * transaction.
 */
final class IdempotentCall implements MethodInterceptor {

  private final ObjectProvider<PlatformTransactionManager> transactions;
  private final ObjectProvider<IdempotencyKeys> keys;
  private final ObjectProvider<JsonMapper> json;

  /** Prepares it; what it needs is asked for when the first request comes. */
  IdempotentCall(
      ObjectProvider<PlatformTransactionManager> transactions,
      ObjectProvider<IdempotencyKeys> keys,
      ObjectProvider<JsonMapper> json) {
    this.transactions = transactions;
    this.keys = keys;
    this.json = json;
  }

  @Override
  public @Nullable Object invoke(MethodInvocation call) throws Throwable {
    Method method = call.getMethod();
    Idempotent wanted =
        Objects.requireNonNull(
            AnnotatedElementUtils.findMergedAnnotation(method, Idempotent.class));
    CurrentRequest request = CurrentRequest.get().orElse(null);
    if (request == null) {
      return call.proceed(); // called by other code than the web
    }
    if (request.key() == null) {
      if (wanted.required()) {
        throw ProblemException.of(
            ProblemCode.BAD_REQUEST,
            "This needs an Idempotency-Key: a name for this attempt that is used once, such as a UUID. Send it again with the same one.");
      }
      return call.proceed();
    }
    Optional<String> key = IdempotencyTable.parse(request.key());
    if (key.isEmpty()) {
      throw ProblemException.of(
          ProblemCode.BAD_REQUEST,
          "An Idempotency-Key has 1 to %d printable characters of ASCII."
              .formatted(IdempotencyTable.LONGEST_KEY));
    }
    String command = method.getDeclaringClass().getName() + "." + method.getName();
    return inTransaction(
        call,
        wanted,
        new IdempotencyKeys.Key(request.principal(), command, key.get()),
        fingerprint(request, call));
  }

  private @Nullable Object inTransaction(
      MethodInvocation call, Idempotent wanted, IdempotencyKeys.Key key, String fingerprint)
      throws Throwable {
    TransactionTemplate template = new TransactionTemplate(transactions.getObject());
    template.setIsolationLevel(wanted.isolation().value());
    try {
      return template.execute(transaction -> once(transaction, call, key, fingerprint));
    } catch (Thrown e) {
      throw Objects.requireNonNull(e.getCause());
    }
  }

  /** A checked exception on its way through the template, by which it is rolled back. */
  private static final class Thrown extends RuntimeException {

    private static final long serialVersionUID = 1L;

    Thrown(Throwable cause) {
      super(cause);
    }
  }

  private @Nullable Object once(
      TransactionStatus transaction,
      MethodInvocation call,
      IdempotencyKeys.Key key,
      String fingerprint) {
    IdempotencyKeys kept = keys.getObject();
    if (!kept.lock(key)) {
      throw ProblemException.of(
          ProblemCode.IN_PROGRESS, "A request with this key is under way. Send it again later.");
    }
    Optional<KeptAnswer> before = kept.find(key);
    if (before.isPresent()) {
      if (!before.get().fingerprint().equals(fingerprint)) {
        throw ProblemException.of(
            ProblemCode.IDEMPOTENCY_MISMATCH,
            "This Idempotency-Key came with another request before. Take a new key for a new request.");
      }
      throw new Replayed(before.get());
    }
    Object result;
    Flushing.LARGER.set(transaction);
    try {
      result = call.proceed();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new Thrown(e);
    } finally {
      Flushing.LARGER.remove();
    }
    KeptAnswer answer = answer(result, call.getMethod(), fingerprint);
    if (answer.status() < 400) {
      kept.keep(key, answer);
    } else {
      transaction.setRollbackOnly();
    }
    return result;
  }

  private KeptAnswer answer(@Nullable Object result, Method method, String fingerprint) {
    if (result instanceof ResponseEntity<?> entity) {
      HttpHeaders headers = entity.getHeaders();
      return new KeptAnswer(
          fingerprint,
          entity.getStatusCode().value(),
          text(entity.getBody()),
          headers.getETag(),
          headers.getFirst(HttpHeaders.LOCATION));
    }
    ResponseStatus status =
        AnnotatedElementUtils.findMergedAnnotation(method, ResponseStatus.class);
    return new KeptAnswer(
        fingerprint, status == null ? 200 : status.code().value(), text(result), null, null);
  }

  private @Nullable String text(@Nullable Object body) {
    return body == null ? null : json.getObject().writeValueAsString(body);
  }

  /** Equal for requests that ask for the same. */
  private String fingerprint(CurrentRequest request, MethodInvocation call) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update((request.target() + "\n").getBytes(StandardCharsets.UTF_8));
      for (Object content : RequestContents.of(call)) {
        digest.update(
            content instanceof byte[] bytes ? bytes : json.getObject().writeValueAsBytes(content));
        digest.update((byte) '\n');
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
