package dev.freshet.spring;

import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.TransactionStatus;

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
    Object result = call.proceed();
    TransactionStatus larger = LARGER.get();
    if (larger != null && !larger.isRollbackOnly()) {
      larger.flush();
    }
    return result;
  }
}
