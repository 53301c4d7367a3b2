package dev.freshet.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PostgresUrlTest {

  @Test
  void libpqAndJdbcFormsMeanTheSame() {
    PostgresUrl libpq =
        PostgresUrl.parse("postgresql://ada:p%40ss@db.example:6432/shop?sslmode=require");
    PostgresUrl jdbc =
        PostgresUrl.parse(
            "jdbc:postgresql://db.example:6432/shop?user=ada&password=p%40ss&sslmode=require");
    assertThat(libpq).isEqualTo(jdbc);
    assertThat(libpq.password()).isEqualTo("p@ss");
    assertThat(PostgresUrl.parse(libpq.uriWithPassword())).isEqualTo(libpq);
    assertThat(libpq.jdbcUrl()).isEqualTo("jdbc:postgresql://db.example:6432/shop?sslmode=require");
  }

  @Test
  void printedFormNeverShowsThePassword() {
    assertThat(PostgresUrl.parse("postgres://ada:secret@127.0.0.1/shop"))
        .hasToString("postgresql://ada@127.0.0.1:5432/shop");
  }

  @Test
  void refusalDoesNotRepeatTheTextAsItMayHoldAPassword() {
    assertThatThrownBy(() -> PostgresUrl.parse("mysql://ada:secret@127.0.0.1/shop"))
        .hasMessageContaining("postgresql://user@host:5432/database")
        .hasMessageNotContaining("secret");
  }

  @Test
  void severalServersAreKeptInTheirOrder() {
    PostgresUrl url =
        PostgresUrl.parse("postgresql://ada:x@one:5441,two,[::1]:5443/shop?sslmode=require");
    assertThat(url.servers())
        .containsExactly(
            new PostgresUrl.Server("one", 5441),
            new PostgresUrl.Server("two", 5432),
            new PostgresUrl.Server("[::1]", 5443));
    assertThat(url.jdbcUrl())
        .isEqualTo("jdbc:postgresql://one:5441,two:5432,[::1]:5443/shop?sslmode=require");
    assertThat(PostgresUrl.parse(url.uriWithPassword())).isEqualTo(url);
    assertThat(url.each())
        .extracting(PostgresUrl::jdbcUrl)
        .containsExactly(
            "jdbc:postgresql://one:5441/shop?sslmode=require",
            "jdbc:postgresql://two:5432/shop?sslmode=require",
            "jdbc:postgresql://[::1]:5443/shop?sslmode=require");
  }
}
