package dev.freshet.spring.example;

import jakarta.persistence.EntityManager;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Isolation;
import org.springframework.transaction.annotation.Transactional;

/** A service as people write it: nothing of it knows of Freshet. */
@Service
public class Bank {

  private final Accounts accounts;
  private final EntityManager entities;

  Bank(Accounts accounts, EntityManager entities) {
    this.accounts = accounts;
    this.entities = entities;
  }

  @Transactional
  public Account open(String name, @Nullable String card) {
    Account account = new Account(name, card);
    entities.persist(account);
    return account;
  }

  @Transactional
  public Account deposit(String name, BigDecimal amount) {
    Account account = accounts.findById(name).orElseThrow();
    account.add(amount);
    return account;
  }

  /** Somebody else's change comes in between. */
  @Transactional
  public Account depositLate(String name, BigDecimal amount) {
    Account account = accounts.findById(name).orElseThrow();
    entities
        .createNativeQuery("update account set version = version + 1 where name = :name")
        .setParameter("name", name)
        .executeUpdate();
    account.add(amount);
    return account;
  }

  @Transactional(isolation = Isolation.SERIALIZABLE)
  public Account strict() {
    return deposit("ada", BigDecimal.ONE);
  }

  @Transactional(readOnly = true)
  public String timeout() {
    return (String)
        entities
            .createNativeQuery("select current_setting('statement_timeout')", String.class)
            .getSingleResult();
  }

  @Transactional(readOnly = true)
  public Account find(String name) {
    return accounts.findById(name).orElseThrow();
  }

  @Transactional
  public void sleep() {
    entities.createNativeQuery("select 1 from pg_sleep(20)").getResultList();
  }
}
