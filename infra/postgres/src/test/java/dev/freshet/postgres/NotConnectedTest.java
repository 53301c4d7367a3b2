package dev.freshet.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NotConnectedTest {

  private static final PostgresUrl URL =
      PostgresUrl.parse("postgresql://reader:secret@db.internal:5433/shop");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "28P01|FATAL: password authentication failed for user \"reader\"|refused the login: password authentication failed for user \"reader\"|true",
        "28000|FATAL: no pg_hba.conf entry for host|refused the login: no pg_hba.conf entry for host|true",
        "3D000|FATAL: database \"shop\" does not exist|refused the login: database \"shop\" does not exist|true",
        "57P03|FATAL: the database system is starting up|takes no connection now: the database system is starting up|false",
        "53300|FATAL: sorry, too many clients already|takes no connection now: sorry, too many clients already|false",
        "|Something odd|can't be reached: Something odd|false",
      })
  void namesTheDatabaseAndSaysWhy(String state, String message, String told, boolean refused) {
    NotConnected failure = new NotConnected(URL, new SQLException(message, state));
    assertThat(failure.getMessage()).isEqualTo("postgresql://reader@db.internal:5433/shop " + told);
    assertThat(failure.isLoginRefused()).isEqualTo(refused);
    assertThat(failure.getSQLState()).isEqualTo(state);
  }

  @Test
  void reasonIsTheInnermostAndTheFailureIsFoundBeneathOthers() {
    SQLException cause =
        new SQLException(
            "The connection attempt failed.", "08001", new ConnectException("Refused"));
    NotConnected failure = new NotConnected(URL, cause);
    assertThat(failure.getMessage())
        .isEqualTo("postgresql://reader@db.internal:5433/shop can't be reached: Refused");
    assertThat(NotConnected.in(new IOException(new SQLException(failure)))).contains(failure);
    assertThat(NotConnected.in(new IOException())).isEmpty();
  }
}
