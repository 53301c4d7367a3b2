package dev.freshet.sync.sql;

import dev.freshet.file.SqlTokens;
import dev.freshet.protocol.ModelComment;
import dev.freshet.sync.model.Audience;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** How PostgreSQL is told who sees what of a model. */
public final class AudienceSql {

  private static final String SETTING = "current_setting";

  private static final Set<String> BEFORE_OPERANDS =
      Set.of("(", ",", "=", "and", "or", "not", "when", "then", "else", "in", "between", "select");

  private AudienceSql() {}

  /**
   * A query for what keeps a role from having rules: one row with a text, or none.
   *
   * @param role its name
   */
  public static String roleFlaw(String role) {
    return """
        select case when r.rolname is null then 'there is none of that name; make it: create role ' || quote_ident(named.name) || ', and grant it to the login of the read-backends'
          else 'it is held by no policy; take one that is no superuser and has no BYPASSRLS' end
        from (select %1$s::text as name) named left join pg_roles r on r.rolname = named.name
        where r.rolname is null or r.rolsuper or r.rolbypassrls
        """
        .formatted(TableName.literal(role));
  }

  /** Statements that have a table let through what its policies do, for whom they are. */
  public static List<String> onTable(Audience audience, String table) {
    List<String> statements = new ArrayList<>();
    if (!audience.policies().isEmpty()) {
      statements.add("alter table %s enable row level security".formatted(table));
    }
    int number = 0;
    for (Audience.Policy policy : audience.policies()) {
      statements.add(
          "create policy %s on %s for select to %s using (%s\n)"
              .formatted(
                  TableName.quoted("freshet " + ++number),
                  table,
                  TableName.quoted(policy.to()),
                  once(policy.using())));
    }
    return statements;
  }

  /**
   * A SELECT with the policies' conditions, for a view with a security barrier. Whoever has the
   * owner's privileges sees all rows, as with a table.
   *
   * @param select with an end that no comment hides
   * @param owner the view's
   */
  public static String inView(Audience audience, String select, String owner) {
    if (audience.policies().isEmpty()) {
      return select;
    }
    return "select m.* from (%s) m where case when %s then true else %s end"
        .formatted(
            select,
            hasPrivilegesOf(owner),
            audience.policies().stream()
                .map(
                    policy ->
                        "case when %s then coalesce((%s\n), false) else false end"
                            .formatted(hasPrivilegesOf(policy.to()), once(policy.using())))
                .collect(Collectors.joining(" or ", "(", ")")));
  }

  /** Of whoever reads; asked once a statement. */
  private static String hasPrivilegesOf(String role) {
    return "(select pg_has_role(%s, 'usage'))".formatted(TableName.literal(role));
  }

  /**
   * Statements that let the roles read what they see of a relation.
   *
   * @param columns all of the relation's
   */
  public static List<String> grants(Audience audience, String relation, List<String> columns) {
    List<String> statements = new ArrayList<>();
    if (!audience.isEverybody()) {
      // Default privileges may have given it; each role is of everybody.
      statements.add("revoke all on %s from public".formatted(relation));
    }
    for (String role : audience.roles()) {
      String quoted = TableName.quoted(role);
      List<String> visible = audience.visible(role, columns);
      statements.add("grant usage on schema read to " + quoted);
      statements.add("revoke all on %s from %s".formatted(relation, quoted));
      if (!visible.isEmpty()) {
        statements.add(
            "grant select%s on %s to %s"
                .formatted(
                    visible.size() == columns.size()
                        ? ""
                        : visible.stream()
                            .map(TableName::quoted)
                            .collect(Collectors.joining(", ", " (", ")")),
                    relation,
                    quoted));
      }
    }
    return statements;
  }

  /**
   * A query for the statements that give a relation's privileges again to all others, when it is
   * made again. Privileges of the roles of its rules end with the rules. A relation that has rules
   * gives nothing to whom one of their roles belongs, everybody among them: the role would see what
   * its rules hide.
   *
   * @param audience that it has from now on
   */
  public static String othersGrants(Audience audience, String relation) {
    String named =
        audience.roles().stream()
            .map(TableName::literal)
            .collect(Collectors.joining(", ", "array[", "]::text[]"));
    return """
        with relation as (
          select oid, relowner, relacl, (case when starts_with(obj_description(oid, 'pg_class'), %1$s)
              then obj_description(oid, 'pg_class')::jsonb -> 'freshet' -> 'roles' end) as ruled
          from pg_class where oid = to_regclass(%2$s)),
        given as (
          select a.privilege_type, a.grantee, '' as columns
          from relation cross join lateral aclexplode(relacl) a
          union all
          select a.privilege_type, a.grantee, format(' (%%I)', c.attname)
          from relation join pg_attribute c on c.attrelid = relation.oid and c.attnum > 0 and not c.attisdropped
          cross join lateral aclexplode(c.attacl) a)
        select format('grant %%s%%s on %%s to %%s', g.privilege_type, g.columns, relation.oid::regclass,
          case g.grantee when 0 then 'public' else g.grantee::regrole::text end)
        from relation cross join given g left join pg_roles r on r.oid = g.grantee
        where g.grantee <> relation.relowner and coalesce(r.rolname::text <> all (%3$s), true)
          and not coalesce(jsonb_exists(relation.ruled, r.rolname::text), false)
          and not exists (
            select from unnest(%3$s) named
            where g.grantee = 0 or pg_has_role(named, g.grantee, 'member'))
        """
        .formatted(TableName.literal(ModelComment.PREFIX), TableName.literal(relation), named);
  }

  /**
   * The condition with each setting that it asks for, and what is taken out of it, as a query of
   * its own, which PostgreSQL answers once a statement and not once a row: {@code
   * current_setting('request.jwt.claims')::json->>'sub'}.
   */
  static String once(String condition) {
    List<SqlTokens.Token> tokens = SqlTokens.of(condition);
    if (tokens.stream().anyMatch(token -> token.isWord("select"))) {
      throw new SyncRefused(
          "A policy's condition is on the model's columns, without a query of its own, which would see other tables on each copy. Select what it needs as a column, and hide it.");
    }
    StringBuilder sql = new StringBuilder();
    int copied = 0;
    for (int i = 0; i + 1 < tokens.size(); i++) {
      if (!tokens.get(i).isWord(SETTING)
          || !tokens.get(i + 1).isSymbol("(")
          || (i > 0 && tokens.get(i - 1).isSymbol("."))) {
        continue;
      }
      int closing = SqlTokens.closing(tokens, i + 1);
      int last = behindSteps(tokens, closing, beginsAnOperand(tokens, i));
      sql.append(condition, copied, tokens.get(i).start()).append("(select ");
      copied = tokens.get(last).end();
      sql.append(condition, tokens.get(i).start(), copied).append(')');
      i = last;
    }
    return sql.append(condition.substring(copied)).toString();
  }

  /** Whether no operator that binds as strongly as a step does stands before a token. */
  private static boolean beginsAnOperand(List<SqlTokens.Token> tokens, int at) {
    return at == 0
        || BEFORE_OPERANDS.stream()
            .anyMatch(text -> tokens.get(at - 1).isWord(text) || tokens.get(at - 1).isSymbol(text));
  }

  /** The last token of casts, and where they may of steps into JSON, that follow a token. */
  private static int behindSteps(List<SqlTokens.Token> tokens, int from, boolean maySteps) {
    int last = from;
    while (last + 2 < tokens.size()) {
      if (tokens.get(last + 1).isSymbol("::")) {
        last = SqlTokens.behindType(tokens, last + 2) - 1;
        continue;
      }
      int step = maySteps ? behindArrow(tokens, last + 1) : last + 1;
      if (step == last + 1
          || step >= tokens.size()
          || tokens.get(step).kind() != SqlTokens.Kind.STRING) {
        break;
      }
      last = step;
    }
    return last;
  }

  /** The index behind {@code ->} or {@code ->>}; the index itself where neither is. */
  private static int behindArrow(List<SqlTokens.Token> tokens, int at) {
    if (!tokens.get(at).isSymbol("-") || !tokens.get(at + 1).isSymbol(">")) {
      return at;
    }
    return at + 2 < tokens.size() && tokens.get(at + 2).isSymbol(">") ? at + 3 : at + 2;
  }
}
