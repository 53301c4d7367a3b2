package dev.freshet.spring;

import jakarta.servlet.Filter;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;

/** What services with servlets have. */
@AutoConfiguration(after = FreshetAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnBean(Positions.class)
class WebMvcAutoConfiguration {

  /** Outside of all that may begin a transaction. */
  @Bean
  FilterRegistrationBean<Filter> freshetPositionFilter(Positions positions) {
    FilterRegistrationBean<Filter> registration =
        new FilterRegistrationBean<>(new PositionFilter(positions));
    registration.setOrder(Ordered.HIGHEST_PRECEDENCE + 100);
    return registration;
  }
}
