package dev.freshet.read.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.store.Asker;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SqlFailureTest {

  @ParameterizedTest
  @CsvSource({
    "22P02, BAD_VALUE",
    "42883, UNKNOWN_OPERATOR",
    "42P01, UNKNOWN_MODEL",
    "42703, BAD_VALUE",
    "54000, BAD_VALUE",
    "3F000, BAD_VALUE",
    "57014, BACKEND_TIMEOUT",
    "53300, DATABASE_UNAVAILABLE",
    "08006, DATABASE_UNAVAILABLE"
  })
  void stateOfPostgresqlNamesTheProblem(String state, ProblemCode code) {
    assertThat(SqlFailure.problem(new SQLException("ERROR: no", state), Asker.ANYBODY).code())
        .isEqualTo(code);
  }

  @Test
  void poolWithoutAFreeConnectionIsSaidToBeBusyAndOneThatFindsNoServerIsNot() {
    assertThat(
            SqlFailure.problem(
                    new SQLTransientConnectionException(
                        "Connection is not available", (String) null),
                    Asker.ANYBODY)
                .detail())
        .contains("No connection to the source is free");
    assertThat(
            SqlFailure.problem(
                    new SQLTransientConnectionException("Connection is not available", "08001"),
                    Asker.ANYBODY)
                .detail())
        .contains("can't answer now");
  }

  @Test
  void missingPrivilegeIsTheOperatorsAffairAndNamesNothingToClients() {
    Problem problem =
        SqlFailure.problem(
            new SQLException("ERROR: permission denied for view orders", "42501"), Asker.ANYBODY);
    assertThat(problem.code()).isEqualTo(ProblemCode.DATABASE_UNAVAILABLE);
    assertThat(problem.detail()).contains("lacks a privilege").doesNotContain("orders");
  }

  @Test
  void whatARoleMayNotReadIsRefusedAndARoleThatCannotBeTakenIsTheOperatorsAffair() {
    Asker web = new Asker("web", "{}", null);
    assertThat(
            SqlFailure.problem(
                    new SQLException("ERROR: permission denied for table orders", "42501"), web)
                .code())
        .isEqualTo(ProblemCode.FORBIDDEN);
    for (String message :
        new String[] {
          "ERROR: permission denied to set role \"web\"", "ERROR: role \"web\" does not exist"
        }) {
      assertThat(SqlFailure.problem(new SQLException(message, "42501"), web).code())
          .isEqualTo(ProblemCode.DATABASE_UNAVAILABLE);
    }
  }
}
