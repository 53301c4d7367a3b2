package dev.freshet.spring.example;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/** A row, as JPA has it. */
@Entity
@Table(name = "account")
@SuppressWarnings("NullAway.Init") // JPA sets them
public class Account {

  @Id private String name;
  private BigDecimal balance;

  /** Unique over all accounts. */
  @Column(unique = true)
  private @Nullable String card;

  @Version private long version;

  protected Account() {}

  public Account(String name, @Nullable String card) {
    this.name = name;
    this.card = card;
    this.balance = BigDecimal.ZERO;
  }

  public String getName() {
    return name;
  }

  public BigDecimal getBalance() {
    return balance;
  }

  public long getVersion() {
    return version;
  }

  public void add(BigDecimal amount) {
    balance = balance.add(amount);
  }
}
