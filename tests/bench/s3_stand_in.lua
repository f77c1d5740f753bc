-- The S3 stand-in: the objects of a bucket, with S3's conditional writes. nginx runs this for each request.
-- Of an image it keeps size, type and metadata, for HEAD. Every other object is kept whole and can be read.
-- nginx.conf sets `counts` and `s3_seconds`.

local METADATA = { "width", "height", "frames", "warnings" }
local NO_SUCH_KEY = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code></Error>'

local key, method = ngx.var.uri, ngx.req.get_method()
local kind = key:match("^/[^/]+/([^/]+)") or "other"
local is_image = kind == "images"
local objects = is_image and ngx.shared.images or ngx.shared.documents
-- With aws-chunked, the length of the request is more than that of the object.
local length = ngx.var.http_x_amz_decoded_content_length or ngx.var.http_content_length
local if_none_match, if_match = ngx.var.http_if_none_match, ngx.var.http_if_match
-- Without this, nginx would judge these headers itself, after a PUT was carried out.
ngx.req.clear_header("If-None-Match")
ngx.req.clear_header("If-Match")

local function etag_of(object)
    return '"' .. ngx.md5(object) .. '"'
end

-- Describes the image of this request in one string: size, type, then the metadata.
local function describe_image()
    local values = { length, ngx.var.http_content_type or "" }
    for _, name in ipairs(METADATA) do
        values[#values + 1] = ngx.var["http_x_amz_meta_" .. name] or ""
    end
    return table.concat(values, "\n")
end

-- Stores an object if the conditions of this request are met; returns the status.
local function put(object)
    if if_none_match == "*" then
        return objects:add(key, object) and 200 or 412
    end
    if if_match then
        local before = objects:get(key)
        if not before then
            return 404
        end
        if if_match ~= etag_of(before) then
            return 412
        end
    end
    objects:set(key, object)
    return 200
end

local function send_image_headers(described)
    local values = {}
    for value in (described .. "\n"):gmatch("(.-)\n") do
        values[#values + 1] = value
    end
    ngx.header["Content-Length"], ngx.header["Content-Type"] = values[1], values[2]
    for place, name in ipairs(METADATA) do
        if values[place + 2] ~= "" then
            ngx.header["x-amz-meta-" .. name] = values[place + 2]
        end
    end
end

counts:incr("s3 " .. method .. " " .. kind, 1, 0)
local object
if method == "PUT" then
    ngx.req.read_body()
    counts:incr("s3 bytes put", tonumber(length) or 0, 0)
    object = is_image and describe_image() or ngx.req.get_body_data() or ""
    ngx.status = put(object)
else
    object = objects:get(key)
    ngx.status = object and 200 or 404
end

ngx.sleep(s3_seconds)
ngx.header["x-amz-request-id"] = "4442587FB7D0A2F9"
ngx.header["x-amz-id-2"] = "vlR7PnpV2Ce81l0PRw6jlUpck7Jo5ZsQjryTjKlc5aLWGVHPZLj5NeC6qMa0emYBDXOo6QBU0Wo="
if ngx.status == 200 then
    ngx.header["ETag"] = etag_of(object)
end
if object and method == "HEAD" and is_image then
    send_image_headers(object)
elseif method == "GET" then
    ngx.header["Content-Type"] = object and "application/json" or "application/xml"
    ngx.header["Content-Length"] = #(object or NO_SUCH_KEY)
    ngx.print(object or NO_SUCH_KEY)
else
    ngx.header["Content-Length"] = 0
end
