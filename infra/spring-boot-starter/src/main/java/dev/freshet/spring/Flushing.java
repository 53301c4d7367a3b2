package dev.freshet.spring;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.transaction.TransactionStatus;
import org.springframework.transaction.annotation.Isolation;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Around methods with transactions: within a request that is done once for its key they take part
 * in a larger one, and what is flushed at a commit is to be flushed when they return all the same.
 * A controller sees the versions that it would see without a key.
 */
final class Flushing implements MethodInterceptor {

  /** The larger one of this thread. */
  static final ThreadLocal<@Nullable TransactionStatus> LARGER = new ThreadLocal<>();

  @Override
  public @Nullable Object invoke(MethodInvocation call) throws Throwable {
    TransactionStatus larger = LARGER.get();
    if (larger != null) {
      requireItsIsolation(call);
    }
    Object result = call.proceed();
    if (larger != null && !larger.isRollbackOnly()) {
      larger.flush();
    }
    return result;
  }

  /** Spring would let it run with less than it asks for. */
  private static void requireItsIsolation(MethodInvocation call) {
    Transactional own =
        AnnotatedElementUtils.findMergedAnnotation(call.getMethod(), Transactional.class);
    if (own == null && call.getThis() != null) {
      own =
          AnnotatedElementUtils.findMergedAnnotation(
              AopUtils.getTargetClass(call.getThis()), Transactional.class);
    }
    if (own == null
        || own.isolation() == Isolation.DEFAULT
        || own.propagation() == Propagation.REQUIRES_NEW) {
      return;
    }
    Integer now = TransactionSynchronizationManager.getCurrentTransactionIsolationLevel();
    if (!Integer.valueOf(own.isolation().value()).equals(now)) {
      throw new IllegalStateException(
          "%s asks for isolation %s, and is called within an @Idempotent method that has another one. Give that method isolation = Isolation.%s."
              .formatted(call.getMethod(), own.isolation(), own.isolation()));
    }
  }
}
