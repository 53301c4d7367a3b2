package dev.freshet.spring.example;

import org.springframework.data.jpa.repository.JpaRepository;

/** The accounts there are. */
public interface Accounts extends JpaRepository<Account, String> {}
