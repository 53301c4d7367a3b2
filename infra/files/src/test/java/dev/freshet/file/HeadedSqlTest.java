package dev.freshet.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.file.HeadedSql.Part;
import dev.freshet.file.Yaml.Mark;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeadedSqlTest {

  @Test
  void placesAreThoseOfTheFile() {
    HeadedSql file = HeadedSql.of("\n/*\na: 1\nb: { c: x }\n*/\nselect ';' ;; \n update t -- ;\n;");
    Section header = Section.of(file.header());
    assertThat(header.at("a")).isEqualTo(new Mark(3, 4));
    assertThat(header.section("b").orElseThrow().at("c")).isEqualTo(new Mark(4, 9));
    assertThat(file.statements().stream().map(Part::sql)).containsExactly("select ';'", "update t");
    assertThat(file.statements().stream().map(part -> file.mark(part.start())))
        .containsExactly(new Mark(6, 1), new Mark(7, 2));
    assertThat(file.text().substring(file.offset(new Mark(7, 2)))).startsWith("update");
  }

  @Test
  void headerMayBeOneLineOrBeginBehindItsBracket() {
    assertThat(Section.of(HeadedSql.of("/* a: 1 */ select 1").header()).at("a"))
        .isEqualTo(new Mark(1, 7));
    assertThat(Section.of(HeadedSql.of("/* a: 1\nb: 2\n*/ select 1").header()).at("b"))
        .isEqualTo(new Mark(2, 4));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "select 1|line 1, column 1: the file does not begin with a header",
        "/* a: 1|line 1, column 1: the file does not begin with a header",
        "/**/ select 1|line 1, column 3: the header is empty",
        "/* a: [ */ select 1|line 1, column 9: it is not YAML"
      })
  void badHeadersAreRefused(String text, String why) {
    assertThatThrownBy(() -> HeadedSql.of(text)).hasMessageContaining(why);
  }
}
