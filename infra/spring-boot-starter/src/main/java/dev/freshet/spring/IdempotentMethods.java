package dev.freshet.spring;

import java.lang.reflect.Method;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import org.reactivestreams.Publisher;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.context.ApplicationContext;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;

/** Finds, at the start, methods that can't be done once for each key. */
final class IdempotentMethods implements SmartInitializingSingleton {

  private final ApplicationContext context;

  IdempotentMethods(ApplicationContext context) {
    this.context = context;
  }

  @Override
  public void afterSingletonsInstantiated() {
    for (Map.Entry<String, Object> bean :
        context.getBeansWithAnnotation(Controller.class).entrySet()) {
      MethodIntrospector.selectMethods(
              AopUtils.getTargetClass(bean.getValue()),
              (Method method) -> AnnotatedElementUtils.hasAnnotation(method, Idempotent.class))
          .forEach(IdempotentMethods::check);
    }
  }

  private static void check(Method method) {
    Class<?> returned = method.getReturnType();
    Class<?> body =
        returned.equals(ResponseEntity.class)
            ? ResolvableType.forMethodReturnType(method).getGeneric(0).toClass()
            : returned;
    boolean comesLater =
        Publisher.class.isAssignableFrom(returned)
            || Callable.class.isAssignableFrom(returned)
            || Future.class.isAssignableFrom(returned)
            || returned.getName().endsWith("DeferredResult");
    if (comesLater) {
      throw new IllegalStateException(
          "%s is @Idempotent, and answers after its transaction has ended. Have it return the value itself."
              .formatted(method));
    }
    boolean isRaw = body.isArray() && body.componentType().isPrimitive();
    if (isRaw || CharSequence.class.isAssignableFrom(body)) {
      throw new IllegalStateException(
          "%s is @Idempotent, and does not answer JSON. Have it return an object."
              .formatted(method));
    }
  }
}
