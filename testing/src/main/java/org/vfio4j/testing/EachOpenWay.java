// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;

/**
 * A test that runs once for every {@link OpenWay} of every backend on the module or class path; its first parameter is the
 * way. Ways a device cannot be opened in are included: the test says what it expects of them.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@ParameterizedTest(name = "{0}")
@ArgumentsSource(OpenWaysProvider.class)
public @interface EachOpenWay {}
