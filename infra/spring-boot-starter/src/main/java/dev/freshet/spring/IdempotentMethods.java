package dev.freshet.spring;

import java.lang.reflect.Method;
import java.util.HashSet;
import java.util.Set;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.context.ApplicationContext;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.http.HttpEntity;
import org.springframework.stereotype.Controller;
import org.springframework.util.ClassUtils;

/**
 * Finds, at the start, methods that can't be done once for each key. Where there are others, it has
 * the keys' table made.
 */
final class IdempotentMethods implements SmartInitializingSingleton {

  private static final Set<String> COME_LATER =
      Set.of(
          "org.reactivestreams.Publisher",
          "java.util.concurrent.Callable",
          "java.util.concurrent.Future",
          "java.util.concurrent.CompletionStage",
          "org.springframework.web.context.request.async.DeferredResult",
          "org.springframework.web.context.request.async.WebAsyncTask",
          "org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter",
          "org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody");

  private final ApplicationContext context;
  private final IdempotencyKeys keys;

  IdempotentMethods(ApplicationContext context, IdempotencyKeys keys) {
    this.context = context;
    this.keys = keys;
  }

  @Override
  public void afterSingletonsInstantiated() {
    Set<Method> methods = new HashSet<>();
    for (Object bean : context.getBeansWithAnnotation(Controller.class).values()) {
      methods.addAll(
          MethodIntrospector.selectMethods(
              AopUtils.getTargetClass(bean),
              (Method method) -> AnnotatedElementUtils.hasAnnotation(method, Idempotent.class)));
    }
    methods.forEach(IdempotentMethods::check);
    if (!methods.isEmpty()) {
      keys.makeTable();
    }
  }

  private static void check(Method method) {
    ResolvableType returned = ResolvableType.forMethodReturnType(method);
    Class<?> body =
        HttpEntity.class.isAssignableFrom(returned.toClass())
            ? returned.as(HttpEntity.class).getGeneric(0).toClass()
            : returned.toClass();
    if (COME_LATER.stream().anyMatch(later -> isOne(body, later))) {
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

  /** By name: not all of them are there in each service. */
  private static boolean isOne(Class<?> type, String name) {
    ClassLoader loader = type.getClassLoader();
    return ClassUtils.isPresent(name, loader)
        && ClassUtils.resolveClassName(name, loader).isAssignableFrom(type);
  }
}
