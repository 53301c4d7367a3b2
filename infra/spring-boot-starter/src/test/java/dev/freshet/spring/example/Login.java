package dev.freshet.spring.example;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Mono;

/**
 * Says who it is where Spring Security would; and an advice that takes all exceptions of one kind.
 */
@Configuration(proxyBeanMethods = false)
public class Login {

  /** That of Spring Security's filter. */
  private static final int SECURITY = -100;

  @Bean
  @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
  FilterRegistrationBean<Filter> servletLogin() {
    FilterRegistrationBean<Filter> registration =
        new FilterRegistrationBean<>(
            (request, response, chain) ->
                chain.doFilter(new LoggedIn((HttpServletRequest) request), response));
    registration.setOrder(SECURITY);
    return registration;
  }

  private static final class LoggedIn extends HttpServletRequestWrapper {

    LoggedIn(HttpServletRequest request) {
      super(request);
    }

    @Override
    public @Nullable String getRemoteUser() {
      return getHeader("X-User");
    }
  }

  @Bean
  @Order(SECURITY)
  @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
  WebFilter reactiveLogin() {
    return (exchange, chain) -> {
      String user = exchange.getRequest().getHeaders().getFirst("X-User");
      return chain.filter(
          user == null ? exchange : exchange.mutate().principal(Mono.just(() -> user)).build());
    };
  }

  /** Of its own: another service's end is not this one's. */
  @Bean
  @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
  ReactorResourceFactory resources() {
    ReactorResourceFactory resources = new ReactorResourceFactory();
    resources.setUseGlobalResources(false);
    return resources;
  }

  /** As many have one. */
  @ControllerAdvice
  static class Everything {

    @ExceptionHandler
    ResponseEntity<String> failed(IllegalStateException e) {
      return ResponseEntity.status(HttpStatus.INTERNAL_SERVER_ERROR).body(e.getMessage());
    }
  }
}
