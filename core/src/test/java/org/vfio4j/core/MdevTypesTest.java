// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.core.fixture.MdevMachine;
import org.vfio4j.core.registry.Providers;
import org.vfio4j.core.vfio.CoreSettings;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.spi.mdev.MdevType;
import org.vfio4j.testing.Spec;

/** Types of mediated devices as {@code /sys} shows them, whatever their driver says of them. Spec: mdev §3. */
class MdevTypesTest {
    private static final String TYPES = "/sys/class/mdev_bus/board/mdev_supported_types/maker-";

    private static Vfio open(MdevType... types) {
        var machine = new MdevMachine(types);
        return Worlds.open(
                new Providers(List.of(machine), List.of(), List.of(machine.driver())),
                VfioOptions.defaults(),
                CoreSettings.REQUEST_PERIOD);
    }

    private static Optional<String> text(Vfio vfio, String path) {
        return vfio.tree()
                .resolve(path)
                .map(VirtualTree.Attribute.class::cast)
                .map(attribute -> new String(attribute.read(), StandardCharsets.US_ASCII));
    }

    @Test
    @Spec("M-004")
    void shouldShowThePrettyNameOrElseTheSysfsName() {
        try (var vfio = open(new MdevType("a", "A pretty one", "vfio-pci"), new MdevType("b", "", "vfio-ccw"))) {
            assertThat(text(vfio, TYPES + "a/name")).hasValue("A pretty one\n");
            assertThat(text(vfio, TYPES + "b/name")).hasValue("b\n");
            assertThat(text(vfio, TYPES + "b/device_api")).hasValue("vfio-ccw\n");
        }
    }

    @Test
    @Spec("M-003")
    void shouldShowADescriptionOnlyOfATypeThatHasOne() {
        try (var vfio =
                open(new MdevType("a", "", "vfio-pci", Optional.of("a display")), new MdevType("b", "", "vfio-pci"))) {
            assertThat(text(vfio, TYPES + "a/description")).hasValue("a display\n");
            assertThat(text(vfio, TYPES + "b/description")).isEmpty();
        }
    }

    /** The driver counts for parents that do not, so it is asked. */
    @Test
    void shouldShowWhatTheDriverSaysIsLeft() {
        try (var vfio = open(new MdevType("a", "", "vfio-pci"))) {
            assertThat(text(vfio, TYPES + "a/available_instances")).hasValue("3\n");
        }
    }
}
