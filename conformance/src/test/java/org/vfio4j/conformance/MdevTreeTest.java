// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vfio4j.Vfio;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.testing.EmbeddedMachine;
import org.vfio4j.testing.Spec;

/** Parents of mediated devices and their types as they lie in {@code /sys}. Spec: mdev §3. */
@EmbeddedMachine
class MdevTreeTest {
    private static final String PARENT = "/sys/devices/virtual/mtty/mtty";
    private static final String TYPES = PARENT + "/mdev_supported_types";

    private static <T extends VirtualTree.Node> T node(Vfio vfio, String path, Class<T> kind) {
        return vfio.tree()
                .resolve(path)
                .filter(kind::isInstance)
                .map(kind::cast)
                .orElseThrow(() -> new AssertionError(path + " is no " + kind.getSimpleName()));
    }

    private static List<String> names(Vfio vfio, String path) {
        return node(vfio, path, VirtualTree.Directory.class).names();
    }

    private static int mode(Vfio vfio, String path) {
        return node(vfio, path, VirtualTree.Attribute.class).mode();
    }

    private static String text(Vfio vfio, String path) {
        return new String(node(vfio, path, VirtualTree.Attribute.class).read(), StandardCharsets.US_ASCII);
    }

    @Test
    @Spec("M-002")
    void shouldShowParentsWithTheirTypes(Vfio vfio) {
        assertThat(names(vfio, PARENT)).contains("mdev_supported_types");
        assertThat(names(vfio, TYPES)).containsExactly("mtty-1", "mtty-2", "mtty-dma");
        assertThat(names(vfio, "/sys/class/mdev_bus")).containsExactly("mtty");
        assertThat(vfio.tree().find("/sys/class/mdev_bus/mtty"))
                .hasValueSatisfying(link ->
                        assertThat(((VirtualTree.Link) link).target()).isEqualTo("../../devices/virtual/mtty/mtty"));
    }

    @Test
    @Spec("M-003")
    void shouldShowNoDescriptionThatTheDriverDoesNotGive(Vfio vfio) {
        assertThat(names(vfio, TYPES + "/mtty-1"))
                .containsExactly("available_instances", "create", "device_api", "devices", "name");
    }

    @Test
    @Spec("M-005")
    void shouldLetCreateAndRemoveBeWrittenOnly(Vfio vfio) {
        assertThat(mode(vfio, TYPES + "/mtty-1/create")).as("create").isEqualTo(0200);
        assertThat(mode(vfio, TYPES + "/mtty-1/available_instances")).isEqualTo(0444);
        assertThat(mode(vfio, TYPES + "/mtty-1/device_api")).isEqualTo(0444);
        assertThat(mode(vfio, TYPES + "/mtty-1/name")).isEqualTo(0444);
        assertThat(mode(vfio, "/sys/bus/mdev/devices/" + UapiTestCase.MDEV + "/remove"))
                .as("remove")
                .isEqualTo(0200);
    }

    @Test
    void shouldShowWhatATypeIs(Vfio vfio) {
        assertThat(text(vfio, TYPES + "/mtty-1/name")).isEqualTo("Single port serial\n");
        assertThat(text(vfio, TYPES + "/mtty-2/device_api")).isEqualTo("vfio-pci\n");
    }
}
