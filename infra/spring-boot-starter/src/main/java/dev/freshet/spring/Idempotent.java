package dev.freshet.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.transaction.annotation.Isolation;

/**
 * Has a controller's method done once for each {@code Idempotency-Key}: what it answered is kept
 * with its key in the transaction in which it writes, and answered again.
 *
 * <p>The method runs in a transaction, which those of the services that it calls take part in. It
 * answers JSON, and before it returns: a value or a {@code ResponseEntity}, no future. Refusals,
 * which are exceptions or statuses from 400 on, roll back and are not kept.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Idempotent {

  /** Whether a request without a key is refused. */
  boolean required() default false;

  /**
   * Of the transaction. Services that ask for another one than it has are refused: they would not
   * get it.
   */
  Isolation isolation() default Isolation.DEFAULT;
}
