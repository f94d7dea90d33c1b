// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.device.BusDriverProvider;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.iommu.IommuBackendProvider;
import org.vfio4j.spi.module.KernelModule;
import org.vfio4j.uapi.VfioException;

class ChosenSettingsTest {
    private static final KernelModule MODULE = new KernelModule(
            "vfio_iommu_told",
            List.of(
                    new KernelModule.Parameter("brave", KernelModule.Kind.BOOL, "N"),
                    new KernelModule.Parameter("count", KernelModule.Kind.UINT, "7"),
                    new KernelModule.Parameter("names", KernelModule.Kind.TEXT, "")));

    private final Providers providers =
            new Providers(List.of(), List.of(new Told(), new Untold()), List.of(new UntoldDriver()));

    private Settings with(String name, String value) {
        return ChosenSettings.of(Map.of(name, value), providers);
    }

    @ParameterizedTest
    @CsvSource({
        "told.brave, yes, brave, Y",
        "told.brave, oN, brave, Y",
        "told.brave, off, brave, N",
        "told.brave, false, brave, N",
        "vfio_iommu_told.brave, 1, brave, Y",
        "told.count, 0x10, count, 16",
        "told.count, 4294967295, count, 4294967295",
        "told.names, 'a,b=c.d', names, 'a,b=c.d'",
    })
    void shouldTakeWhatAModuleHasAsItsFilesShowIt(String name, String value, String option, String shown) {
        assertThat(with(name, value).option("told", option)).contains(shown);
    }

    @Test
    void shouldTakeEverythingForAServiceThatDoesNotSayWhatItHas() {
        assertThat(with("untold.anything", "as is").option("untold", "anything"))
                .contains("as is");
        assertThat(with("untold-driver.anything", "").option("untold-driver", "anything"))
                .contains("");
    }

    @Test
    void shouldTakeTheCoresOwn() {
        assertThat(with("core.uid", "1000").option("core", "uid")).contains("1000");
        assertThat(with("core.memlock_limit", "8589934592").option("core", "memlock_limit"))
                .contains("8589934592");
        assertThat(with("vfio.enable_unsafe_noiommu_mode", "true").option("core", "enable_unsafe_noiommu_mode"))
                .contains("Y");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "brave      | 1 | setting \"brave\" is no MODULE.NAME (EINVAL)",
                "bold.brave | 1 | setting bold.brave: there is no module \"bold\"; known: core, told, untold, untold-driver (ENOENT)",
                "told.bravo | 1 | setting told.bravo: told has no such option; known: brave, count, names (ENOENT)",
                "told.brave | maybe | setting told.brave: \"maybe\" is neither yes nor no (EINVAL)",
                "told.brave | '' | setting told.brave: \"\" is neither yes nor no (EINVAL)",
                "told.count | few | setting told.count: \"few\" is no number (EINVAL)",
                "told.count | -1 | setting told.count: -1 is negative (EINVAL)",
                "told.count | 4294967296 | setting told.count: 4294967296 is above 4294967295 (ERANGE)",
                "core.uid   | root | setting core.uid: \"root\" is no number (EINVAL)",
            })
    void shouldRefuseWhatNobodyHasOrCanHave(String name, String value, String sentence) {
        assertThatThrownBy(() -> with(name, value))
                .isInstanceOfSatisfying(
                        VfioException.class,
                        refused -> assertThat(refused.getMessage() + " (" + refused.errno() + ")")
                                .isEqualTo(sentence));
    }

    private static final class Told implements IommuBackendProvider {
        @Override
        public String name() {
            return "told";
        }

        @Override
        public String description() {
            return "says which options it has";
        }

        @Override
        public int priority() {
            return 2;
        }

        @Override
        public Optional<KernelModule> kernelModule() {
            return Optional.of(MODULE);
        }
    }

    private static final class Untold implements IommuBackendProvider {
        @Override
        public String name() {
            return "untold";
        }

        @Override
        public String description() {
            return "does not say which options it has";
        }

        @Override
        public int priority() {
            return 1;
        }
    }

    private static final class UntoldDriver implements BusDriverProvider {
        @Override
        public String name() {
            return "untold-driver";
        }

        @Override
        public String description() {
            return "does not say which options it has";
        }

        @Override
        public String bus() {
            return "none";
        }

        @Override
        public BusDriver create(DriverEnvironment environment) {
            throw new IllegalStateException("not started here");
        }
    }
}
