// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.vfio4j.spi.pci.PciAddress;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Descriptions of physical functions. */
class SriovSectionTest {
    @TempDir
    Path folder;

    private MachineDescription read(String functions) throws IOException {
        var file = folder.resolve("x.json");
        Files.writeString(file, """
                {"name": "m", "iommus": [{"name": "u", "kind": "paging"}],
                 "pci": {"iommu": "u", "nativeDrivers": ["pci-pf-stub"], "functions": [
                %s
                ]}}
                """.formatted(functions));
        return MachineFile.read(file);
    }

    private static String physical(String address, String model, String sriov) {
        return "{\"address\": \"" + address + "\", \"model\": \"" + model + "\",\n\"sriov\": {" + sriov + "}}";
    }

    private static String good(String address, int total) {
        return physical(
                address, "multi", "\"totalVfs\": " + total + ", \"vfModel\": \"memory\", \"vfDevice\": \"0x10ca\"");
    }

    static Stream<Arguments> mistakes() {
        String rest = ", \"vfModel\": \"memory\", \"vfDevice\": 1";
        return Stream.of(
                arguments(
                        physical("00:01.0", "multi", "\"totalVfs\": 0" + rest),
                        "\"totalVfs\" has to be from 1 to 256, not 0"),
                arguments(physical("00:01.0", "multi", "\"vfModel\": \"edu\""), "SR-IOV needs the field \"totalVfs\""),
                arguments(
                        physical("00:01.0", "multi", "\"totalVfs\": 2, \"vfStride\": 0" + rest),
                        "x.json:4:38: a stride of 0 puts all 2 virtual functions of 0000:00:01.0 in one place"),
                arguments(
                        physical("00:01.0", "multi", "\"totalVfs\": 2, \"vfOffset\": 0" + rest),
                        "\"vfOffset\" has to be from 1 to 255, not 0"),
                arguments(
                        physical("00:1f.0", "multi", "\"totalVfs\": 9" + rest),
                        "virtual function 8 of 0000:00:1f.0 would be beyond the bus: its device and function number is "
                                + "257 of at most 255"),
                arguments(
                        good("00:01.0", 8) + ",\n{\"address\": \"00:02.0\", \"model\": \"edu\"}",
                        "virtual function 7 of 0000:00:01.0 would be at 0000:00:02.0, where function 0000:00:02.0 is"),
                arguments(
                        good("00:01.0", 1) + ",\n"
                                + physical("00:00.7", "multi", "\"totalVfs\": 1, \"vfOffset\": 2" + rest),
                        "x.json:3:13: virtual function 0 of 0000:00:01.0 would be at 0000:00:01.1, where "
                                + "virtual function 0 of 0000:00:00.7 is"),
                arguments(
                        physical("00:01.0", "multi", "\"totalVfs\": 1, \"vfModel\": \"nvme\", \"vfDevice\": 1"),
                        "x.json:4:37: \"vfModel\" takes one of edu, queue, memory, not \"nvme\""),
                arguments(
                        physical("00:01.0", "edu", "\"totalVfs\": 1" + rest),
                        "x.json:4:10: only the models edu-pcie, queue and multi can have \"sriov\""),
                arguments(
                        physical("00:01.0", "multi", "\"totalVfs\": 1" + rest + ", \"vfBars\": {\"1\": \"4K\"}"),
                        "VF BAR 1 is the upper half of VF BAR 0"),
                arguments(
                        physical("00:01.0", "multi", "\"totalVfs\": 1" + rest + ", \"vfBars\": {\"2\": \"2K\"}"),
                        "VF BAR 2 has to have at least a page of 4096 bytes, not 2048"),
                arguments(
                        physical("00:01.0", "multi", "\"totalVfs\": 1" + rest + ", \"vfBars\": {}"),
                        "a virtual function needs at least one register"),
                arguments(
                        physical(
                                "00:01.0",
                                "queue",
                                "\"totalVfs\": 1, \"vfModel\": \"queue\", \"vfDevice\": 1, \"vfBars\": {\"0\": \"4K\"}"),
                        "only memory has \"vfBars\""),
                arguments(
                        physical("00:01.0", "multi", "\"totalVfs\": 1" + rest + ", \"drivers\": [\"igb\"]"),
                        "\"igb\" is none of the \"nativeDrivers\": [pci-pf-stub]"),
                arguments(
                        physical("00:01.0", "multi", "\"totalVfs\": 1, \"vfmodel\": 1" + rest),
                        "unknown field \"vfmodel\" in SR-IOV; known: drivers, totalVfs, "));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void shouldNamePlaceAndReasonOfMistake(String functions, String sentence) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> read(functions))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                .withMessageStartingWith(folder.toString())
                .withMessageContaining(sentence);
    }

    @Test
    void shouldReadWhatThereCanBe() throws IOException {
        var pci = read(physical(
                        "00:01.0",
                        "edu-pcie",
                        "\"totalVfs\": 3, \"vfOffset\": 128, \"vfStride\": 2, \"vfModel\": \"edu\", \"vfDevice\": \"0x11ea\","
                                + " \"vfAcs\": false, \"vfDriver\": \"pci-stub\", \"drivers\": [\"pci-pf-stub\"]"))
                .pci();
        var sriov = pci.functions().getFirst().sriov().orElseThrow();
        assertThat(sriov)
                .isEqualTo(new SriovSpec(
                        3,
                        128,
                        2,
                        0x11ea,
                        SriovSpec.VfModel.EDU,
                        Map.of(0, 16L << 10),
                        0,
                        false,
                        java.util.Optional.of("pci-stub"),
                        List.of("pci-pf-stub")));
        assertThat(sriov.addresses(new PciAddress(0, 0, 1, 0)))
                .extracting(PciAddress::toString)
                .containsExactly("0000:00:11.0", "0000:00:11.2", "0000:00:11.4");
    }

    @Test
    void shouldAllowOneFunctionWithoutStrideAtTheEndOfTheBus() throws IOException {
        var pci = read(physical(
                        "00:1f.6",
                        "multi",
                        "\"totalVfs\": 1, \"vfStride\": 0, \"vfModel\": \"memory\", \"vfDevice\": 1"))
                .pci();
        assertThat(pci.functions().getFirst().sriov().orElseThrow().address(new PciAddress(0, 0, 0x1f, 6), 0))
                .hasToString("0000:00:1f.7");
    }
}
