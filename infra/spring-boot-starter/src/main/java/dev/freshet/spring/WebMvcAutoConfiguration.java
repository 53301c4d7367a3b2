package dev.freshet.spring;

import jakarta.servlet.Filter;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;

/** What services with servlets have. */
@AutoConfiguration(after = FreshetAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnBean(Positions.class)
class WebMvcAutoConfiguration {

  /** Its filter has -100. */
  static final int AFTER_SECURITY = -50;

  @Bean
  PositionReports.OfServlets freshetPositionReport(PositionReports reports) {
    return new PositionReports.OfServlets(reports);
  }

  /** After Spring Security, which says who it is, and outside of what may begin a transaction. */
  @Bean
  FilterRegistrationBean<Filter> freshetPositionFilter(Positions positions) {
    FilterRegistrationBean<Filter> registration =
        new FilterRegistrationBean<>(new PositionFilter(positions));
    registration.setOrder(AFTER_SECURITY);
    return registration;
  }
}
