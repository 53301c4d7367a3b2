package dev.freshet.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IndexedTypeTest {

  @ParameterizedTest
  @CsvSource({
    "bigint, 9223372036854775806, 9223372036854775806",
    "'numeric(10,2)', 17.00, 1700",
    "'numeric(10,2)', -0.05, -5",
    "'numeric(18,18)', 0.123456789012345678, 123456789012345678",
    "double precision, -0, 0.0",
    "double precision, 1e+300, 1.0E300",
    "real, 0.1, 0.10000000149011612",
    "boolean, t, true",
    "date, 1970-01-02, 1",
    "date, 0044-03-15 BC, -735160",
    "date, infinity, 9223372036854775806",
    "timestamp without time zone, 1969-12-31 23:59:59.999999, -1",
    "timestamp with time zone, 1970-01-01 00:00:01.5+00, 1500000",
    "timestamp with time zone, -infinity, -9223372036854775806",
    "uuid, a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11, \"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"",
  })
  void storedValuesAreIndexedExactly(String type, String text, String indexed) {
    assertThat(IndexedType.of(type).orElseThrow().ofStored(text)).contains(indexed);
  }

  @ParameterizedTest
  @CsvSource({
    "'numeric(10,2)', NaN",
    "double precision, NaN",
    "double precision, Infinity",
    "real, -Infinity",
    "bigint, 9223372036854775807",
    "bigint, -9223372036854775808",
  })
  void valuesWithoutAPlaceAreNotIndexed(String type, String text) {
    assertThat(IndexedType.of(type).orElseThrow().ofStored(text)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "integer, 12, 12",
    "bigint, -9223372036854775807, -9223372036854775807",
    "smallint, 007, 7",
    "'numeric(10,2)', 5, 500",
    "boolean, true, true",
    "timestamp with time zone, 2026-11-30T12:00:00Z, 1796040000000000",
    "timestamp with time zone, 2026-11-30T13:00+01:00, 1796040000000000",
    "timestamp with time zone, 2026-11-30, 1795996800000000",
    "uuid, A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11, \"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"",
  })
  void valuesOfQueriesAreLookedFor(String type, String text, String indexed) {
    assertThat(IndexedType.of(type).orElseThrow().ofQuery(text)).contains(indexed);
  }

  @ParameterizedTest
  @CsvSource({
    "integer, 1.5",
    "integer, 1_000",
    "integer, x",
    "integer, 2147483648",
    "bigint, 9223372036854775808",
    "'numeric(10,2)', 5.001",
    "'numeric(10,2)', 1e3",
    "boolean, on",
    "date, tomorrow",
    "date, 2026-02-30",
    "date, 0000-01-01",
    "timestamp without time zone, 2026-11-30 12:00+01",
    "timestamp with time zone, 2026-11-30 12:00 Europe/Rome",
    "uuid, {a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
  })
  void whatPostgresqlMightReadOtherwiseIsLeftToIt(String type, String text) {
    assertThat(IndexedType.of(type).orElseThrow().ofQuery(text)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "numeric",
    "'numeric(20,2)'",
    "integer[]",
    "jsonb",
    "interval",
    "character(3)",
    "stat"
  })
  void typesThatAreComparedOtherwiseAreNotIndexed(String type) {
    assertThat(IndexedType.of(type)).isEqualTo(Optional.empty());
  }

  @Test
  void textThatIsNoTermIsNotIndexed() {
    IndexedType text = IndexedType.of("text").orElseThrow();
    assertThat(text.ofStored("ä".repeat(16_383))).isPresent();
    assertThat(text.ofStored("ä".repeat(16_384))).isEmpty();
  }
}
