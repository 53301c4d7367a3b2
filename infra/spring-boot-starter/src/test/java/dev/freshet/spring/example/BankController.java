package dev.freshet.spring.example;

import dev.freshet.spring.Idempotent;
import dev.freshet.spring.ProblemException;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Positive;
import java.math.BigDecimal;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.transaction.annotation.Isolation;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** The same for servlets and for WebFlux. */
@RestController
public class BankController {

  /** How often a deposit was asked of the service. */
  public static int deposits;

  private final Bank bank;
  private final Accounts accounts;

  BankController(Bank bank, Accounts accounts) {
    this.bank = bank;
    this.accounts = accounts;
  }

  /** An account to be. */
  public record Opening(@Nullable String card) {}

  /** Money. */
  public record Deposit(@NotNull @Positive BigDecimal amount, @Nullable List<@Valid Note> notes) {}

  /** Written beside it. */
  public record Note(@NotNull String text) {}

  @PutMapping("/accounts/{name}")
  ResponseEntity<Account> open(@PathVariable String name, @RequestBody Opening opening) {
    Account account = bank.open(name, opening.card());
    return ResponseEntity.created(URI.create("/accounts/" + name)).body(account);
  }

  @PostMapping("/accounts/{name}/deposits")
  @Idempotent
  ResponseEntity<Account> deposit(@PathVariable String name, @Valid @RequestBody Deposit deposit) {
    deposits++;
    Account account = bank.deposit(name, deposit.amount());
    if (account.getBalance().compareTo(BigDecimal.valueOf(1_000_000)) > 0) {
      throw ProblemException.of("too-rich", 409, "That is more than this bank holds.");
    }
    return ResponseEntity.ok().eTag("v" + account.getVersion()).body(account);
  }

  @PostMapping("/accounts/{name}/late-deposits")
  Account depositLate(@PathVariable String name, @RequestBody Deposit deposit) {
    return bank.depositLate(name, deposit.amount());
  }

  /** By the repository itself. */
  @PostMapping("/accounts/{name}/saved-deposits")
  @Idempotent
  ResponseEntity<Account> save(@PathVariable String name, @RequestBody Deposit deposit) {
    Account account = bank.find(name);
    account.add(deposit.amount());
    Account saved = accounts.save(account);
    return ResponseEntity.ok().eTag("v" + saved.getVersion()).body(saved);
  }

  @PostMapping("/keyed")
  @Idempotent(required = true)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void keyed() {
    bank.deposit("ada", BigDecimal.ONE);
  }

  /** What the service itself makes of the database's refusal. */
  @PutMapping("/cards/{card}")
  Account card(@PathVariable String card) {
    try {
      return bank.open("with-" + card + System.nanoTime(), card);
    } catch (RuntimeException e) {
      throw new ResponseStatusException(HttpStatus.BAD_REQUEST, "taken", e);
    }
  }

  /** By a form. */
  @PostMapping(path = "/forms", consumes = MediaType.APPLICATION_FORM_URLENCODED_VALUE)
  @Idempotent
  ResponseEntity<Account> form(Amount amount) {
    return ResponseEntity.ok(bank.deposit("ada", amount.amount()));
  }

  /** Of a form. */
  public record Amount(BigDecimal amount) {}

  @PostMapping("/strict")
  @Idempotent
  Account strict() {
    return bank.strict();
  }

  @PostMapping("/strict-enough")
  @Idempotent(isolation = Isolation.SERIALIZABLE)
  Account strictEnough() {
    return bank.strict();
  }

  @GetMapping("/timeout")
  List<String> timeout() {
    return List.of(bank.timeout());
  }

  @GetMapping("/accounts/{name}")
  Account find(@PathVariable String name) {
    return bank.find(name);
  }

  @DeleteMapping("/patience")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void sleep() {
    bank.sleep();
  }
}
