// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.testing.Spec;

/**
 * What a backend has to bring. A kernel refuses at run time a driver that registers devices and does not take them off its
 * list again; here such a driver does not come to life, since the pair has no default that half of it could inherit.
 */
class Type1DriverContractTest {
    private static final String REGISTER =
            "@Override public void registerDevice(org.vfio4j.spi.iommu.DmaUnmapListener device) {}";
    private static final String UNREGISTER =
            "@Override public void unregisterDevice(org.vfio4j.spi.iommu.DmaUnmapListener device) {}";

    @TempDir
    Path folder;

    @Test
    @Spec("T-010")
    void shouldNotCompileWithHalfOfThePairThatListsDevices() {
        assertThat(errorsOf("")).contains("registerDevice");
        assertThat(errorsOf(REGISTER)).contains("unregisterDevice");
        assertThat(errorsOf(UNREGISTER)).contains("registerDevice");
        assertThat(errorsOf(REGISTER + UNREGISTER)).isEmpty();
    }

    private String errorsOf(String members) {
        String source = "abstract class Others implements org.vfio4j.spi.iommu.IommuBackend {"
                + "@Override public int checkExtension(int extension) { return 0; }"
                + "@Override public void attachGroup(org.vfio4j.spi.host.IommuGroup group,"
                + " org.vfio4j.spi.iommu.GroupKind kind) {}"
                + "@Override public void detachGroup(org.vfio4j.spi.host.IommuGroup group) {}"
                + "@Override public void release() {}"
                + "@Override public long ioctl(org.vfio4j.spi.call.Caller caller, int command, long argument)"
                + " { return 0; }"
                + "@Override public void mapDma(org.vfio4j.spi.call.Caller caller, int flags, long vaddr, long iova,"
                + " long size) {}"
                + "@Override public long unmapDma(org.vfio4j.spi.call.Caller caller, int flags, long iova, long size)"
                + " { return 0; }"
                + "@Override public org.vfio4j.spi.iommu.DmaLimits limits()"
                + " { throw new UnsupportedOperationException(); }"
                + "} final class Driver extends Others {" + members + "}";
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter errors = new StringWriter();
        JavaFileObject file =
                new SimpleJavaFileObject(URI.create("string:///Driver.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        boolean accepted = compiler.getTask(
                        errors,
                        null,
                        null,
                        List.of("-proc:none", "-nowarn", "-cp", classPath(), "-d", folder.toString()),
                        null,
                        List.of(file))
                .call();
        assertThat(accepted).as(errors.toString()).isEqualTo(errors.toString().isEmpty());
        return errors.toString();
    }

    private static String classPath() {
        try {
            return Path.of(IommuBackend.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new AssertionError("the SPI is nowhere", e);
        }
    }
}
