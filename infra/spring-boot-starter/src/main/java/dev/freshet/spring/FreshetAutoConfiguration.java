package dev.freshet.spring;

import java.time.Duration;
import javax.sql.DataSource;
import org.springframework.aop.Advisor;
import org.springframework.aop.Pointcut;
import org.springframework.aop.support.ComposablePointcut;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.annotation.AnnotationMatchingPointcut;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Role;
import org.springframework.core.Ordered;
import org.springframework.data.repository.core.support.RepositoryFactoryBeanSupport;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.databind.json.JsonMapper;

/**
 * What services of both kinds have.
 *
 * <p>{@code freshet.idempotency.retention} says how long keys are kept, 24 hours by default.
 */
@AutoConfiguration(
    afterName = "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration",
    beforeName =
        "org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizationAutoConfiguration")
@ConditionalOnSingleCandidate(DataSource.class)
class FreshetAutoConfiguration {

  @Bean
  Positions freshetPositions(DataSource dataSource) {
    return new Positions(dataSource);
  }

  @Bean
  PositionReports freshetPositionReports(
      Positions positions, ApplicationAvailability availability) {
    return new PositionReports(positions, availability);
  }

  @Bean
  ProblemAdvice freshetProblemAdvice() {
    return new ProblemAdvice();
  }

  @Bean
  ReplayAdvice freshetReplayAdvice() {
    return new ReplayAdvice();
  }

  @Bean
  Transactions freshetTransactions(DataSource dataSource) {
    return new Transactions(dataSource);
  }

  @Bean
  IdempotencyKeys freshetIdempotencyKeys(
      DataSource dataSource, @Value("${freshet.idempotency.retention:24h}") Duration retention) {
    return new IdempotencyKeys(dataSource, retention);
  }

  @Bean
  IdempotentMethods freshetIdempotentMethods(ApplicationContext context, IdempotencyKeys keys) {
    return new IdempotentMethods(context, keys);
  }

  /** Around services with transactions, once they have taken part in the request's. */
  @Bean
  @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
  static Advisor freshetFlushing() {
    DefaultPointcutAdvisor advisor =
        new DefaultPointcutAdvisor(
            new ComposablePointcut(new AnnotationMatchingPointcut(Transactional.class, true))
                .union(
                    (Pointcut) AnnotationMatchingPointcut.forMethodAnnotation(Transactional.class)),
            new Flushing());
    advisor.setOrder(Ordered.LOWEST_PRECEDENCE - 50);
    return advisor;
  }

  /** Repositories have transactions of their own. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(RepositoryFactoryBeanSupport.class)
  static class Repositories {

    @Bean
    static BeanPostProcessor freshetRepositories() {
      return new BeanPostProcessor() {
        @Override
        public Object postProcessBeforeInitialization(Object bean, String name) {
          if (bean instanceof RepositoryFactoryBeanSupport<?, ?, ?> made) {
            made.addRepositoryFactoryCustomizer(
                factory ->
                    factory.addRepositoryProxyPostProcessor(
                        (proxy, repository) -> proxy.addAdvice(0, new Flushing())));
          }
          return bean;
        }
      };
    }
  }

  /** Outside of the transaction that a controller's method may begin itself. */
  @Bean
  @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
  static Advisor freshetIdempotency(
      ObjectProvider<PlatformTransactionManager> transactions,
      ObjectProvider<IdempotencyKeys> keys,
      ObjectProvider<JsonMapper> json) {
    DefaultPointcutAdvisor advisor =
        new DefaultPointcutAdvisor(
            AnnotationMatchingPointcut.forMethodAnnotation(Idempotent.class),
            new IdempotentCall(transactions, keys, json));
    advisor.setOrder(Ordered.LOWEST_PRECEDENCE - 100);
    return advisor;
  }
}
