package dev.freshet.sync.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The text of a query tree. */
class NodeReaderTest {

  @Test
  void fieldsAreNodesListsTextsAndNothing() {
    Node query =
        NodeReader.read(
                """
                ({QUERY :commandType 1 :utilityStmt <> :hasAggs true :rtable ({RANGETBLENTRY
                :alias {ALIAS :aliasname with\\ space :colnames ("a \\"b\\"" "")} :relid 16385})
                :selectedCols (b 8 12)})
                """)
            .getFirst();
    assertThat(query.name()).isEqualTo("QUERY");
    assertThat(query.number("commandType")).isOne();
    assertThat(query.has("utilityStmt")).isFalse();
    assertThat(query.isTrue("hasAggs")).isTrue();
    assertThat(query.nodes("selectedCols")).isEmpty();
    Node table = query.nodes("rtable").getFirst();
    assertThat(table.number("relid")).isEqualTo(16385);
    Node alias = table.node("alias").orElseThrow();
    assertThat(alias.text("aliasname")).isEqualTo("with space");
    assertThat(alias.fields().get("colnames")).hasToString("[a \"b\", ]");
  }

  @Test
  void constantIsItsLengthAndItsBytes() {
    Node constant =
        NodeReader.read(
                "{CONST :consttype 25 :constvalue 8 [ 32 0 0 0 -40 58 123 125 ] :location -1}")
            .getFirst();
    assertThat(constant.text("constvalue")).startsWith("[ 32").endsWith("]");
    assertThat(constant.number("location")).isEqualTo(-1);
  }

  @Test
  void nameMayBeginWithAColon() {
    Node entry = NodeReader.read("{TARGETENTRY :resname :odd :resjunk false}").getFirst();
    assertThat(entry.text("resname")).isEqualTo(":odd");
    assertThat(entry.isTrue("resjunk")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{QUERY", "{QUERY :a}", "({A :b 1}", "{A :b 1} {B :c 2}", "{A b 1}"})
  void whatIsNoTreeIsRefused(String text) {
    assertThatThrownBy(() -> NodeReader.read(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("No query tree at");
  }
}
