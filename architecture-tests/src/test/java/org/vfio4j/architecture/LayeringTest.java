// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.architecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the rules against the classes of every module. */
class LayeringTest {
    @SuppressWarnings("NullAway.Init")
    private static JavaClasses everything;

    @BeforeAll
    static void load() {
        everything = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("org.vfio4j");
    }

    static Stream<ArchRule> rules() {
        return Stream.concat(
                Rules.moduleRules().stream(),
                Stream.of(
                        Rules.PARTS_DO_NOT_KNOW_EACH_OTHER,
                        Rules.LINKER_ONLY_IN_FFM,
                        Rules.GUICE_ONLY_IN_CORE_AND_CLI,
                        Rules.SPI_DOES_NOT_MENTION_USER_API,
                        Rules.ONLY_CORE_IMPLEMENTS_USER_API,
                        Rules.API_HAS_NO_STATIC_MUTABLE_STATE,
                        Rules.API_HAS_NO_IMPLEMENTATION,
                        Rules.NO_PACKAGE_CYCLES));
    }

    @ParameterizedTest
    @MethodSource("rules")
    void shouldHold(ArchRule rule) {
        rule.check(everything);
    }
}
