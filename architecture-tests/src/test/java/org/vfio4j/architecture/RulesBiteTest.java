// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;
import org.vfio4j.backend.wrong.BackendThatKnowsCore;
import org.vfio4j.core.wrong.a.CycleA;
import org.vfio4j.core.wrong.b.CycleB;
import org.vfio4j.drivers.wrong.DriverThatImplementsUserApi;
import org.vfio4j.drivers.wrong.DriverThatUsesGuice;
import org.vfio4j.host.wrong.HostThatLinks;
import org.vfio4j.spi.wrong.SpiThatMentionsUserApi;
import org.vfio4j.spi.wrong.SpiWithImplementation;

/** Shows of every rule that it refuses a class that is wrong on purpose. */
class RulesBiteTest {
    private static void refuses(ArchRule rule, String reason, Class<?>... wrong) {
        var result = rule.evaluate(new ClassFileImporter().importClasses(wrong));
        assertThat(result.getFailureReport().getDetails())
                .as("what \"%s\" says of classes that break it", rule.getDescription())
                .anyMatch(detail -> detail.contains(reason));
    }

    @Test
    void shouldRefuseABackendThatKnowsTheCore() {
        refuses(Rules.PARTS_DO_NOT_KNOW_EACH_OTHER, "org.vfio4j.core", BackendThatKnowsCore.class);
    }

    @Test
    void shouldRefuseADependencyOutsideTheTable() {
        refuses(
                Rules.onlyUse(
                        "wrong",
                        resideInAPackage("org.vfio4j.backend.wrong.."),
                        "org.vfio4j.backend.wrong..",
                        "java.."),
                "org.vfio4j.core",
                BackendThatKnowsCore.class);
    }

    @Test
    void shouldRefuseALinkerOutsideFfm() {
        refuses(Rules.LINKER_ONLY_IN_FFM, "java.lang.foreign.Linker", HostThatLinks.class);
    }

    @Test
    void shouldRefuseGuiceInADriver() {
        refuses(Rules.GUICE_ONLY_IN_CORE_AND_CLI, "com.google.inject", DriverThatUsesGuice.class);
    }

    @Test
    void shouldRefuseAnSpiThatMentionsTheUserApi() {
        refuses(Rules.SPI_DOES_NOT_MENTION_USER_API, "org.vfio4j.Device", SpiThatMentionsUserApi.class);
    }

    @Test
    void shouldRefuseAUserApiImplementationOutsideCore() {
        refuses(
                Rules.ONLY_CORE_IMPLEMENTS_USER_API,
                "implements org.vfio4j.DmaMapping",
                DriverThatImplementsUserApi.class);
    }

    @Test
    void shouldRefuseStaticMutableStateInTheApi() {
        refuses(Rules.API_HAS_NO_STATIC_MUTABLE_STATE, "count", SpiWithImplementation.class);
    }

    @Test
    void shouldRefuseAnImplementationInTheApi() {
        refuses(Rules.API_HAS_NO_IMPLEMENTATION, "SpiWithImplementation", SpiWithImplementation.class);
    }

    @Test
    void shouldRefuseACycleBetweenPackages() {
        refuses(Rules.NO_PACKAGE_CYCLES, "org.vfio4j.core.wrong.a", CycleA.class, CycleB.class);
    }
}
