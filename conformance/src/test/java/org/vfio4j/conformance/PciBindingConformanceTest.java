// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.VfioOptions;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** Which functions the driver takes by itself, when told to, and never. Spec: pci §2. */
class PciBindingConformanceTest extends UapiTestCase {
    private static final String DRIVER = "vfio-pci";
    private static final String UNGROUPED = "0000:00:06.0";
    private static final String INCOHERENT = "0000:00:07.0";
    private static final String LISTED_CARD = "0000:00:08.0";

    @TempDir
    Path folder;

    @Override
    VfioOptions options() {
        var description = folder.resolve("unbound.json");
        try {
            Files.writeString(description, """
                    {"name": "unbound",
                     "iommus": [{"name": "iommu0", "kind": "paging"}, {"name": "iommu1", "kind": "paging", "coherent": false}],
                     "pci": {"iommu": "iommu0", "functions": [
                       {"address": "00:05.0", "model": "edu"},
                       {"address": "00:06.0", "model": "edu-pcie", "iommu": "none"},
                       {"address": "00:07.0", "model": "edu-pcie", "iommu": "iommu1"},
                       {"address": "00:08.0", "model": "multi"}]}}
                    """);
        } catch (IOException e) {
            throw new AssertionError("the machine could not be described", e);
        }
        return super.options().withMachine(description);
    }

    @Test
    @Spec("P-001")
    void shouldTakeNothingByItself() {
        for (String device : new String[] {EDU, UNGROUPED, INCOHERENT, LISTED_CARD}) {
            assertThat(machine.driver(device)).as("driver of %s", device).isEmpty();
            assertThat(system.readLink("/sys/bus/pci/devices/" + device + "/driver"))
                    .as("link of %s", device)
                    .isEmpty();
        }
        refused("open of a device's node", system.open("/dev/vfio/devices/vfio0"), Errno.ENOENT);
    }

    @Test
    @Spec("P-008")
    void shouldRefuseAFunctionWithoutGroup() {
        refused("bind", machine.bind(UNGROUPED, DRIVER), Errno.EINVAL);
        assertThat(machine.driver(UNGROUPED)).isEmpty();
    }

    @Test
    @Spec("P-009")
    void shouldRefuseAFunctionWhoseDmaIsNotCoherent() {
        refused("bind", machine.bind(INCOHERENT, DRIVER), Errno.EINVAL);
        assertThat(machine.driver(INCOHERENT)).isEmpty();
        require("bind of another", machine.bind(LISTED_CARD, DRIVER));
    }

    @Test
    @Spec("P-010")
    void shouldTakeWhatItIsLoadedFor() {
        try (var loaded = newMachine(options().with("vfio-pci.ids", "1234:11e8,zz,8086,,"))) {
            assertThat(loaded.driver(EDU)).as("of id 1234:11e8").contains(DRIVER);
            assertThat(loaded.driver(LISTED_CARD))
                    .as("of an entry that names no device")
                    .isEmpty();
            assertThat(loaded.driver(UNGROUPED))
                    .as("of that id, but without group")
                    .isEmpty();
            require("unbind", loaded.unbind(EDU));
            require("bind, since the id stays", loaded.bind(EDU, DRIVER));
        }
    }
}
